/** The rows that tests write into every database. */

import { afterAll, beforeAll, describe } from 'vitest'
import { newMember } from '../../src/kernel/model.ts'
import type { Database, GroupWrites, LogEntry } from '../../src/server/database/port.ts'
import { group } from '../kernel/world.ts'
import { databasesWithPostgres } from './databases.ts'

let count = 0
/** An ID that no other test uses. */
export const fresh = (prefix: string) => `${prefix}${count++}`

export const entry = (seq: number): LogEntry => ({
  seq,
  atSeconds: 1,
  actor: 'ann',
  opID: `op${seq}`,
  name: 'quitGroup',
  args: { groupID: 'g' }
})
export const writes = (groupID: string, rest: Partial<GroupWrites>): GroupWrites => ({
  groupID,
  state: { seq: 1, row: group({ groupID }), digest: 7 },
  log: [],
  members: [],
  dissolved: false,
  others: [],
  tips: [],
  memberships: [],
  verdicts: [],
  ...rest
})
export const member = (groupID: string, userID: string, revision: number) => ({
  userID,
  row: newMember({ groupID, userID, joinTime: 1 }),
  revision
})

type Tested = Pick<Database, 'transaction' | 'snapshot' | 'compact'>
type Write = (groupID: string, rest: Partial<GroupWrites>) => Promise<void>

/** Runs the same tests on every database. */
export function describeDatabases(tests: (database: Tested, write: Write) => void): void {
  describe.each(Object.entries(databasesWithPostgres))('the database %s', (_name, open) => {
    let opened: Database
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())
    const database: Tested = {
      transaction: work => opened.transaction(work),
      snapshot: (work, options) => opened.snapshot(work, options),
      compact: before => opened.compact(before)
    }
    const write: Write = (groupID, rest) =>
      database.transaction(async tx => {
        await tx.lockGroup(groupID)
        await tx.write(writes(groupID, rest))
      })
    tests(database, write)
  })
}
