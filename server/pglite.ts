/**
 * The embedded database: PostgreSQL in WebAssembly, in a thread of its own. It survives a killed process, not a power
 * cut: it does not sync to disk. It does not guard its directory either, so a lock file does.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { must } from '../src/kernel/must.ts'
import type { Request, Response } from './pglite-thread.ts'
import type { Query, Sql } from './sql.ts'

/** Opens the database in `dataDir`, which is created where it does not exist; without one, in memory. */
export async function openPGlite(dataDir?: string): Promise<Sql> {
  const unlock = dataDir === undefined ? () => undefined : lockDirectory(dataDir)
  const thread = new Worker(new URL('./pglite-thread.js', import.meta.url), {
    workerData: { dataDir: dataDir && join(dataDir, 'pg') }
  })
  const waiting = new Map<number, { resolve(result: { rows: unknown[] }): void; reject(error: Error): void }>()
  let count = 0

  await new Promise<void>((resolve, reject) => {
    thread.once('message', () => resolve())
    thread.once('error', reject)
  })
  thread.on('message', (response: Response) => {
    const { resolve, reject } = must(waiting.get(response.id))
    waiting.delete(response.id)
    if ('rows' in response) resolve(response)
    else reject(Object.assign(new Error(response.error.message), { code: response.error.code }))
  })
  thread.on('error', error => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  })

  const query: Query = (text, params = []) =>
    new Promise((resolve, reject) => {
      const id = count++
      waiting.set(id, { resolve, reject })
      thread.postMessage({ id, text, params } satisfies Request)
    })

  // There is one connection, so its users take turns.
  let turn: Promise<unknown> = Promise.resolve()
  return {
    withConnection(work) {
      const result = turn.then(() => work(query))
      turn = result.catch(() => undefined)
      return result
    },
    async close() {
      await turn
      const exited = new Promise(resolve => thread.once('exit', resolve))
      thread.postMessage('close')
      await exited
      unlock()
    }
  }
}

function lockDirectory(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true })
  const file = join(dataDir, 'lock')
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
  } catch {
    // Expected: a lock file is there already, of a server that runs or of one that was killed.
    const pid = Number(readFileSync(file, 'utf8'))
    if (pid !== process.pid && isRunning(pid)) throw new Error(`${dataDir} is in use by process ${pid}`)
    writeFileSync(file, String(process.pid))
  }
  return () => rmSync(file, { force: true })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // Expected: there is no such process.
    return false
  }
}
