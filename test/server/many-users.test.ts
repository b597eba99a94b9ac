/** Operations on more users than a database has locks. */

import { expect, onTestFinished, test } from 'vitest'
import type { Database } from '../../src/server/database/port.ts'
import { createTestServer } from '../harness.ts'
import { databasesWithPostgres } from './databases.ts'

const users = (count: number, name = 'user') =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`)

async function open(openDatabase: () => Promise<Database>) {
  const database = await openDatabase()
  onTestFinished(() => database.close())
  const server = createTestServer({ database })
  const create = { groupID: 'crew', name: 'Crew', type: 'ChatRoom' }
  await server.judge('app', { name: 'createGroup', args: create, groupID: 'crew' })
  return server
}

const databases = Object.entries(databasesWithPostgres)

test.each(databases)(
  '30,000 users in one operation get 10005 (%s)',
  async (_name, openDatabase) => {
    const { judge } = await open(openDatabase)
    const args = { groupID: 'crew', userIDList: users(30_000) }
    const verdict = await judge('app', { name: 'addGroupMember', args, groupID: 'crew' })
    expect(verdict).toMatchObject({ kind: 'rejected', error: { reason: 'TooManyAccounts' } })
  }
)

test.each(databases)('60 operations on 500 users are judged (%s)', async (_name, openDatabase) => {
  const { judge } = await open(openDatabase)
  const groupOf = (index: number) => users(500, `user-${index}`)
  const verdicts = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      judge('app', {
        name: 'addGroupMember',
        args: { groupID: 'crew', userIDList: groupOf(index) },
        groupID: 'crew'
      })
    )
  )
  // A ChatRoom has room for 6,000.
  const kinds = verdicts.map(({ kind }) => kind)
  expect(kinds.filter(kind => kind === 'applied')).toHaveLength(11)
})
