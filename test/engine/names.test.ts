/** Names that plain objects have built in, through device, protocol, server and databases. */

import { expect, test } from 'vitest'
import { createTestClient, createTestServer } from '../harness.ts'
import { databases } from '../server/databases.ts'

const builtIns = [...Object.getOwnPropertyNames(Object.prototype), 'prototype']

test.each(Object.entries(databases))('groups named like built-in properties are known at the next login: %s', async (_, open) => {
  const server = createTestServer({ database: await open() })
  const ann = createTestClient(server, 'ann')
  for (const groupID of builtIns) {
    const memberList = [{ userID: 'bob' }]
    expect(await ann.settle('createGroup', { groupID, name: 'Crew', memberList })).toMatchObject({ kind: 'applied' })
  }
  const bob = createTestClient(server, 'bob')
  await bob.caughtUp()
  await bob.engine.close()
  const again = createTestClient(server, 'bob', { storage: bob.storage })
  await again.caughtUp()
  const heard = again.network.transcript.filter(({ to }) => to === 'client').map(({ message }) => message)
  expect(heard).toMatchObject([
    { type: 'welcome', known: true },
    { type: 'delta', groups: [] }
  ])
  expect((await again.groups()).map(group => group.groupID).sort()).toEqual([...builtIns].sort())
})
