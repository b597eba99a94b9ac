/** The databases that a server can run on, opened for tests in this thread. */

import { PGlite } from '@electric-sql/pglite'
import { createMemoryDatabase } from '../../server/memory.ts'
import type { Database } from '../../server/port.ts'
import { openSqlDatabase, type Sql } from '../../server/sql.ts'

function inProcess(db: PGlite): Sql {
  let turn: Promise<unknown> = Promise.resolve()
  return {
    withConnection(work) {
      const result = turn.then(() => work((text, params = []) => db.query(text, [...params])))
      turn = result.catch(() => undefined)
      return result
    },
    close: () => db.close()
  }
}

export const databases: Record<string, () => Promise<Database>> = {
  'in memory': async () => createMemoryDatabase('epoch'),
  PGlite: async () => openSqlDatabase(inProcess(await PGlite.create()))
}
