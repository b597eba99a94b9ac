/** The rows that strangers can leave in the database. */

import { PGlite } from '@electric-sql/pglite'
import { beforeAll, expect, test } from 'vitest'
import { submission, type Outcome } from '../../src/server/authority/submission.ts'
import { createLanes } from '../../src/server/authority/lanes.ts'
import type { Database } from '../../src/server/database/port.ts'
import { openSqlDatabase } from '../../src/server/database/sql.ts'
import { defaultPolicy } from '../../src/kernel/limits.ts'
import type { PushedOperation } from '../../src/protocol/messages.ts'
import { writes } from './database-rows.ts'
import { databasesWithPostgres, inProcess } from './databases.ts'

const now = () => 1_700_000_000_000
const errors: unknown[] = []

let pglite: PGlite
let database: Database
beforeAll(async () => {
  pglite = await PGlite.create()
  database = await openSqlDatabase(inProcess(pglite))
  return () => database.close()
}, 60_000)

const lanesOf = (on: Database) =>
  createLanes(on, {
    now,
    policy: defaultPolicy,
    announce: () => undefined,
    onError: error => void errors.push(error)
  })
const operation = (
  opID: string,
  groupID: string,
  rest: Partial<PushedOperation> = {}
): PushedOperation => ({
  opID,
  groupID,
  name: 'quitGroup',
  args: { groupID },
  seen: 0,
  waitedSeconds: 0,
  ...rest
})
const submit = (lanes: ReturnType<typeof lanesOf>, userID: string, pushed: PushedOperation) =>
  new Promise<Outcome>(settle =>
    lanes.submit({ ...submission({ userID, isAppAdmin: false, operation: pushed }), settle })
  )
const count = async (table: string) => {
  const { rows } = await pglite.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${table}`
  )
  return rows[0]?.count
}

test('operations on unknown groups leave no group', async () => {
  const lanes = lanesOf(database)
  await Promise.all(
    ['a', 'b', 'c'].map(groupID => submit(lanes, 'ann', operation(`on ${groupID}`, groupID)))
  )
  expect(await count('groups')).toBe(0)
})

test('the oldest refusals of a user are forgotten', async () => {
  const at = (index: number) => ({
    userID: 'eve',
    name: 'quitGroup',
    atSeconds: index,
    verdict: {
      kind: 'rejected' as const,
      opID: `eve ${index}`,
      groupID: 'none',
      error: { code: 10010, reason: 'GroupNotFound' as const, message: '' },
      scope: 'gone' as const
    }
  })
  await database.transaction(tx =>
    tx.write(
      writes('none', {
        state: { seq: 0, row: null, digest: 0 },
        verdicts: Array.from({ length: 20_002 }, (_, index) => at(index))
      })
    )
  )
  await database.compact({ history: 0, verdicts: 0, refusals: 0 })
  const kept = await database.snapshot(reader =>
    reader.verdicts('eve', ['eve 0', 'eve 1', 'eve 2', 'eve 20001'])
  )
  expect([...kept.keys()].sort()).toEqual(['eve 2', 'eve 20001'])
})

const several = Object.entries(databasesWithPostgres).filter(
  ([name]) => name.includes('connections') || name === 'PostgreSQL'
)

test.each(several)('an operation ID in two groups disturbs nobody: %s', async (_name, open) => {
  const shared = await open()
  const lanes = lanesOf(shared)
  const before = errors.length
  const pushed = ['a', 'b', 'c', 'd'].flatMap(groupID => [
    submit(lanes, 'eve', operation('crafted', groupID)),
    submit(lanes, 'ann', operation(`ann in ${groupID}`, groupID))
  ])
  expect((await Promise.all(pushed)).map(({ kind }) => kind)).toEqual(
    Array.from(pushed, () => 'verdict')
  )
  expect(errors.length).toBe(before)
  await shared.close()
})

test('an operation that the database refuses fails alone', async () => {
  const { transaction } = database
  const failing: Database = {
    ...database,
    transaction: work =>
      transaction(async tx => {
        const write: typeof tx.write = async writes => {
          if (writes.verdicts.some(({ userID }) => userID === 'eve'))
            throw new Error('not acceptable')
          return tx.write(writes)
        }
        return work({ ...tx, write })
      })
  }
  const lanes = lanesOf(failing)
  const users = ['first', 'ann', 'eve', 'bob']
  const outcomes = await Promise.all(
    users.map(userID => submit(lanes, userID, operation(`alone ${userID}`, 'none')))
  )
  expect(outcomes.map(({ kind }) => kind)).toEqual(['verdict', 'verdict', 'retry', 'verdict'])
})
