/**
 * The thread of PGlite. Its WebAssembly is synchronous: a long statement would block the sockets.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { must } from '../../kernel/must.ts'

export type Request = {
  readonly id: number
  readonly text: string
  readonly params: readonly unknown[]
}
export type Response =
  | { readonly id: number; readonly rows: unknown[] }
  | {
      readonly id: number
      readonly error: { readonly message: string; readonly code: string | undefined }
    }

const port = must(parentPort)
const db = await PGlite.create(
  (workerData as { dataDir: string | undefined }).dataDir ?? 'memory://'
)

port.on('message', (request: Request | 'close') => {
  if (request === 'close') {
    void db.close().finally(() => port.close())
    return
  }
  const { id, text, params } = request
  db.query(text, [...params]).then(
    ({ rows }) => port.postMessage({ id, rows } satisfies Response),
    (error: Error & { code?: string }) =>
      port.postMessage({
        id,
        error: { message: error.message, code: error.code }
      } satisfies Response)
  )
})
port.postMessage('open')
