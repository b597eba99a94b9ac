/** Rejects reads once the session has ended. */

import type { Database, Reader } from '../database/port.ts'

export type Readable = Pick<Database, 'snapshot' | 'renewEpoch'>

export const readableWhile = (isOpen: () => boolean, database: Database): Readable => ({
  renewEpoch: expected => database.renewEpoch(expected),
  snapshot: (work, options) => database.snapshot(reader => work(whileOpen(reader, isOpen)), options)
})

function whileOpen(reader: Reader, isOpen: () => boolean): Reader {
  return new Proxy(reader, {
    get(target, name: keyof Reader) {
      if (!isOpen()) throw new Error('the session has ended')
      return target[name]
    }
  })
}
