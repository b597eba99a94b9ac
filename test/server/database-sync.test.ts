/** The changes for a session, as every database reads them. */

import { expect, test } from 'vitest'
import { entriesKey, newMember, settingsKey } from '../../src/kernel/model.ts'
import type { GroupRequest } from '../../src/server/database/port.ts'
import { group } from '../kernel/world.ts'
import { describeDatabases, entry, fresh, member, writes } from './database-rows.ts'
import { request } from './sync-request.ts'

describeDatabases((database, write) => {
  const sync = (groups: GroupRequest[], max = request.max) =>
    database.snapshot(tx => tx.sync('bob', { ...request, groups, max }), { isOneStatement: true })

  test('groups are read in the order of the request', async () => {
    const ids = [fresh('g'), fresh('g'), fresh('g')]
    for (const groupID of ids) await write(groupID, { log: [entry(1)] })
    const groups = [...ids.toReversed(), fresh('unknown')].map(groupID => ({
      groupID,
      from: 0,
      since: 0,
      membersMax: 0
    }))
    const rows = await sync(groups)
    expect(rows.groups.map(({ groupID }) => groupID)).toEqual(ids.toReversed())
  })

  test('a whole group has its members, up to a number', async () => {
    const groupID = fresh('g')
    const row = { ...group({ groupID }), ownerID: 'ann', memberNum: 3 }
    const rows = ['ann', 'bob', 'Carl'].map(userID => member(groupID, userID, 1))
    await write(groupID, { state: { seq: 1, row, digest: 7 }, log: [entry(1)], members: rows })
    const read = async (membersMax: number) =>
      (await sync([{ groupID, from: 0, since: 0, membersMax }])).groups[0]
    const [ann, bob, carl] = rows.map(each => each.row)
    expect(await read(3)).toMatchObject({ changed: null, members: [carl, ann, bob] })
    const listed = await read(2)
    expect(listed?.members).toBe(null)
    expect(listed?.known).toEqual(expect.arrayContaining([ann, bob]))
    expect(listed?.known).toHaveLength(2)
  })

  test('a position below the floor reads the whole group', async () => {
    const groupID = fresh('g')
    await write(groupID, { log: [{ ...entry(1), atSeconds: 1 }] })
    const state = { seq: 3, row: group({ groupID }), digest: 7 }
    await write(groupID, { state, log: [entry(2), { ...entry(3), atSeconds: 9 }] })
    await database.compact({ history: 5, verdicts: 0, refusals: 0 })
    const changes = async (from: number) =>
      (await sync([{ groupID, from, since: 0, membersMax: 0 }])).groups[0]?.changed
    expect([await changes(1), await changes(2)]).toEqual([null, []])
  })

  test('the changed members of a group are cut off', async () => {
    const groupID = fresh('g')
    const members = ['a', 'b', 'c', 'd'].map((userID, index) => member(groupID, userID, index + 2))
    const state = { seq: 5, row: group({ groupID }), digest: 7 }
    await write(groupID, { state, log: [entry(5)], members })
    const one = [{ groupID, from: 1, since: 0, membersMax: 0 }]
    const { groups } = await sync(one, { ...request.max, changed: 3 })
    expect(groups[0]?.changed).toEqual(members.slice(0, 3))
  })

  test('only the own member of an AVChatRoom is read', async () => {
    const groupID = fresh('g')
    const row = group({ groupID, type: 'AVChatRoom' })
    const [ann, bob] = ['ann', 'bob'].map(userID => member(groupID, userID, 2))
    const state = { seq: 2, row, digest: 7 }
    await write(groupID, {
      state,
      log: [entry(2)],
      members: [ann, bob].flatMap(each => each ?? [])
    })
    const { groups } = await sync([{ groupID, from: 1, since: 0, membersMax: 0 }])
    expect(groups[0]?.changed).toEqual([bob])
  })

  test('settings of others are not read, attributes and counters are', async () => {
    const groupID = fresh('g')
    const settings = (userID: string) => ({
      table: 'settings' as const,
      id: settingsKey({ groupID, userID }).id,
      row: { groupID, userID, messageRemindType: 'Discard' as const },
      revision: 1
    })
    const entries = { groupID, entries: [{ key: 'seat', value: 'ann' }] }
    const attributes = {
      table: 'attributes' as const,
      id: entriesKey('attributes', groupID).id,
      row: entries,
      revision: 1
    }
    await write(groupID, {
      log: [entry(1)],
      others: [settings('ann'), settings('bob'), attributes]
    })
    const { groups } = await sync([{ groupID, from: 0, since: 0, membersMax: 0 }])
    expect(groups[0]?.others).toHaveLength(2)
    expect(groups[0]?.others).toEqual(expect.arrayContaining([settings('bob'), attributes]))
  })

  test('the verdicts of named operations are read', async () => {
    const [groupID, opID] = [fresh('g'), fresh('op')]
    const verdict = { kind: 'applied', opID, groupID, seq: 1, result: null } as const
    await write(groupID, {
      log: [entry(1)],
      verdicts: [{ userID: 'bob', verdict, name: 'quitGroup', atSeconds: 1 }]
    })
    const read = (userID: string) =>
      database.snapshot(tx => tx.sync(userID, { ...request, opIDs: [opID, 'other'] }))
    expect([...(await read('bob')).verdicts]).toEqual([[opID, { verdict, name: 'quitGroup' }]])
    expect((await read('ann')).verdicts.size).toBe(0)
  })

  test('a dismissed group has no row', async () => {
    const groupID = fresh('g')
    await write(groupID, {
      log: [entry(1)],
      members: [
        { userID: 'bob', row: newMember({ groupID, userID: 'bob', joinTime: 1 }), revision: 1 }
      ]
    })
    const gone = writes(groupID, {
      state: { seq: 2, row: null, digest: 0 },
      log: [entry(2)],
      dissolved: true
    })
    await write(groupID, gone)
    const rows = await sync([0, 1].map(from => ({ groupID, from, since: 0, membersMax: 9 })))
    expect(rows.groups.map(({ state }) => state.row)).toEqual([null, null])
  })
})
