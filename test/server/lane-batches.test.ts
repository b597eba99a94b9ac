/** The number of operations in a transaction depends on their rows and bytes. */

import { expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database } from '../../src/server/database/port.ts'
import { createTestServer } from '../harness.ts'

const times = (count: number) => Array.from({ length: count }, (_, index) => index)

/** A server with a group of ann. `written` has the number of verdicts of each later transaction. */
async function openCrew() {
  const written: number[] = []
  const memory = createMemoryDatabase('e')
  const database: Database = {
    ...memory,
    transaction: work =>
      memory.transaction(tx =>
        work({
          ...tx,
          write(writes) {
            written.push(writes.verdicts.length)
            return tx.write(writes)
          }
        })
      )
  }
  const server = createTestServer({ database })
  const args = { groupID: 'crew', name: 'Crew', type: 'Private' }
  await server.judge('ann', { name: 'createGroup', args, groupID: 'crew' })
  written.length = 0
  const judge = (name: string, args: object) =>
    server.judge('ann', { name, args: { groupID: 'crew', ...args }, groupID: 'crew' })
  return { written, judge }
}

const users = (count: number) => times(count).map(index => `user${index}`)

test('a transaction judges two operations that name 500 users each', async () => {
  const { written, judge } = await openCrew()
  await Promise.all(times(5).map(() => judge('addGroupMember', { userIDList: users(500) })))
  // The first operation is judged before the others arrive.
  expect(written).toEqual([1, 2, 2])
})

test('a transaction judges eight operations that name 100 users each', async () => {
  const { written, judge } = await openCrew()
  await Promise.all(times(9).map(() => judge('addGroupMember', { userIDList: users(100) })))
  expect(written).toEqual([1, 8])
})

test('a transaction judges 200 name cards', async () => {
  const { written, judge } = await openCrew()
  const card = (nameCard: string) => judge('setGroupMemberNameCard', { userID: 'ann', nameCard })
  await Promise.all(times(201).map(index => card(`${index}`)))
  expect(written).toEqual([1, 200])
})

test('a transaction of many bytes judges fewer operations', async () => {
  const { written, judge } = await openCrew()
  const groupCustomField = [{ key: 'plan', value: 'x'.repeat(500) }]
  await Promise.all(times(201).map(() => judge('updateGroupProfile', { groupCustomField })))
  expect(Math.max(...written)).toBeLessThan(150)
  expect(written.reduce((sum, count) => sum + count, 0)).toBe(201)
})
