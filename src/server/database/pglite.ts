/**
 * The embedded database: PostgreSQL in WebAssembly, in a thread of its own. It survives a killed
 * process but not a power cut, because it does not sync to disk. A lock guards its directory.
 */

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { lockFolder } from './lock.ts'
import type { Request, Response } from './pglite-thread.ts'
import { BrokenConnectionError, type SqlQuery, type Sql } from './sql.ts'

/** PGlite cannot interrupt a statement. A longer one has hung, for instance after a full disk. */
const statementMsMax = 120_000
/** Closing writes the remaining data. A thread that needs longer has hung. */
const closeMsMax = 30_000

/**
 * Opens PostgreSQL in the folder `dataDir`, which is created if missing. Without `dataDir`, the
 * data is in memory. Rejects if another process uses the folder. If the thread ends or hangs, or
 * another process takes the folder over, every statement rejects, and `onError` is called once.
 *
 * @example
 * const database = await openSqlDatabase(await openPGlite('./data'))
 */
export async function openPGlite(
  dataDir?: string,
  { onError = logError }: { onError?(error: unknown): void } = {}
): Promise<Sql> {
  const waiting = new Map<
    number,
    {
      resolve(result: { rows: unknown[] }): void
      reject(error: Error): void
      timer: NodeJS.Timeout | undefined
    }
  >()
  let count = 0
  let failure: Error | undefined
  let isClosing = false
  let ended: Promise<void> | undefined

  function fail(error: Error): void {
    if (failure || isClosing) return
    failure = error
    onError(error)
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer)
      reject(error)
    }
    waiting.clear()
    ended = end()
  }

  /** The folder stays locked until the thread has ended: two threads that write would damage it. */
  async function end(): Promise<void> {
    await thread.terminate()
    lock?.release()
  }

  const onWait = () =>
    logError(
      `${dataDir} is locked. A server that was killed may have left it: waiting for 5 seconds.`
    )
  const lock =
    dataDir === undefined ? undefined : await lockFolder(dataDir, { onWait, onLost: fail })
  const thread = new Worker(new URL('./pglite-thread.js', import.meta.url), {
    workerData: { dataDir: dataDir && join(dataDir, 'pg') }
  })
  try {
    await new Promise<void>((resolve, reject) => {
      thread.once('message', () => resolve())
      thread.once('error', reject)
      thread.once('exit', code => reject(new Error(`the database thread ended with ${code}`)))
    })
  } catch (error) {
    lock?.release()
    throw error
  }
  thread.on('message', (response: Response) => {
    const { resolve, reject, timer } = waiting.get(response.id) ?? {}
    waiting.delete(response.id)
    clearTimeout(timer)
    if ('rows' in response) return resolve?.(response)
    const { message, code } = response.error
    const error = Object.assign(new Error(message), { code })
    // An error without a code comes from WebAssembly itself, which cannot continue after it.
    if (code === undefined) fail(new Error('the database has stopped', { cause: error }))
    reject?.(failure ?? error)
  })
  thread.on('error', error => fail(new Error('the database thread ended', { cause: error })))
  thread.on('exit', code => fail(new Error(`the database thread ended with ${code}`)))

  const queryWithin =
    (msMax: number): SqlQuery =>
    (text, params = []) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure)
        lock?.check()
        const id = count++
        const late = () => fail(new Error(`the database has not answered for ${msMax} ms`))
        const timer = msMax === Infinity ? undefined : setTimeout(late, msMax)
        waiting.set(id, { resolve, reject, timer })
        thread.postMessage({ id, text, params } satisfies Request)
      })
  const query = queryWithin(statementMsMax)
  /** An upgrade of a large database takes longer than any statement of the service. */
  const longQuery = queryWithin(Infinity)

  // There is one connection: each piece of work waits for the one before.
  let turn: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | undefined
  return {
    withConnection(work, { isLong = false } = {}) {
      const result = turn.then(() => work(isLong ? longQuery : query))
      turn = result.catch((error: unknown) => {
        // There is no other connection to use.
        if (error instanceof BrokenConnectionError) fail(error)
      })
      return result
    },
    close: () => (closed ??= close())
  }

  async function close(): Promise<void> {
    await turn
    if (failure) return ended
    isClosing = true
    const exited = new Promise(resolve => thread.once('exit', resolve))
    thread.postMessage('close')
    const timer = setTimeout(() => void thread.terminate(), closeMsMax)
    await exited
    clearTimeout(timer)
    lock?.release()
  }
}

function logError(error: unknown): void {
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`
  )
}
