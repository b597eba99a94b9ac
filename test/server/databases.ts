/** The databases that a server can run on, opened in the thread of the test. */

import { setImmediate as immediate } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database } from '../../src/server/database/port.ts'
import { openSqlDatabase, type Sql } from '../../src/server/database/sql.ts'
import { missing, openPostgres } from './postgres.ts'

export function inProcess(db: PGlite): Sql {
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

/** Databases that answer without a timer, as tests on virtual time need. */
export const databases: Record<string, () => Promise<Database>> = {
  'in memory': async () => createMemoryDatabase('epoch'),
  'in memory with four connections': async () =>
    createMemoryDatabase('epoch', { count: 4, pause: immediate }),
  PGlite: async () => openSqlDatabase(inProcess(await PGlite.create()))
}

export const databasesWithPostgres = {
  ...databases,
  ...(missing === undefined && { PostgreSQL: openPostgres })
}
