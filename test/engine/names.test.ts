/** Names that plain objects have built in, through device, protocol, server and databases. */

import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { createTestClient, createTestServer } from '../harness.ts'
import { databases } from '../server/databases.ts'

const builtIns = [...Object.getOwnPropertyNames(Object.prototype), 'prototype']

test.each(Object.entries(databases))(
  'groups named like built-in properties are known at the next login: %s',
  async (_, open) => {
    const server = createTestServer({ database: await open() })
    const ann = createTestClient(server, 'ann')
    for (const groupID of builtIns) {
      const memberList = [{ userID: 'bob' }]
      expect(await ann.settle('createGroup', { groupID, name: 'Crew', memberList })).toMatchObject({
        kind: 'applied'
      })
    }
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    await bob.engine.close()
    const again = createTestClient(server, 'bob', { storage: bob.storage })
    await again.caughtUp()
    const heard = again.network.transcript
      .filter(({ to }) => to === 'client')
      .map(({ message }) => message)
    expect(heard).toMatchObject([
      { type: 'welcome', known: true },
      { type: 'delta', groups: [] }
    ])
    expect((await again.groups()).map(group => group.groupID).sort()).toEqual([...builtIns].sort())
  }
)

const fieldKeys = builtIns.filter(key => key.length <= 32)
const policy = {
  customFields: {
    group: Object.fromEntries(
      [...fieldKeys, ...Array.from({ length: 70 }, (_, index) => `key${index}`)].map(
        key => [key, 'Admin'] as const
      )
    ),
    member: {
      Public: Object.fromEntries(
        fieldKeys.map(key => [key, { write: 'Member', ownWrite: true } as const])
      )
    }
  }
} as const

test.each(Object.entries(databases))(
  'users and fields named like built-in properties live in IndexedDB: %s',
  async (title, open) => {
    const server = createTestServer({ database: await open(), policy })
    const database = `names ${title}`
    const owner = createTestClient(server, '__proto__', {
      storage: await openDexieStorage(database)
    })
    await owner.caughtUp()
    const members = fieldKeys.filter(userID => userID !== '__proto__')
    const memberList = members.map(userID => ({ userID }))
    const group = { groupID: 'valueOf', name: 'Crew', type: 'Public', memberList } as const
    expect(await owner.settle('createGroup', group)).toMatchObject({ kind: 'applied' })
    const fieldsOf = (keys: readonly string[]) => keys.map(key => ({ key, value: key }))
    const groupCustomField = fieldsOf(fieldKeys.slice(0, 20))
    expect(
      await owner.settle('updateGroupProfile', { groupID: 'valueOf', groupCustomField })
    ).toMatchObject({ kind: 'applied' })
    for (const userID of members) {
      const memberCustomField = fieldsOf(['__proto__', 'constructor', userID])
      expect(
        await owner.settle('setGroupMemberCustomField', {
          groupID: 'valueOf',
          userID,
          memberCustomField
        })
      ).toMatchObject({
        kind: 'applied'
      })
    }
    await owner.engine.close()
    const again = createTestClient(server, '__proto__', {
      storage: await openDexieStorage(database),
      paused: true
    })
    // IndexedDB answers in real time, which the clock of the test does not know.
    await server.clock.until(async () => (await again.group('valueOf')) !== undefined)
    expect((await again.group('valueOf'))?.groupCustomField).toEqual(groupCustomField)
    expect((await again.status())?.policy.customFields?.group.map(({ key }) => key)).toEqual(
      Object.keys(policy.customFields.group)
    )
    const rows = await again.members('valueOf')
    expect(rows.map(({ userID }) => userID).sort()).toEqual([...fieldKeys].sort())
    for (const { userID, memberCustomField } of rows)
      if (userID !== '__proto__')
        expect(memberCustomField).toEqual(
          fieldsOf([...new Set(['__proto__', 'constructor', userID])])
        )
    await again.engine.close()
  }
)
