/** Groups in a database: rows, members, tips, and transactions that fail. */

import { expect, test } from 'vitest'
import { applicationKey, newMember, settingsKey, type Role } from '../../src/kernel/model.ts'
import type { TipRow } from '../../src/kernel/notices.ts'
import { noGroup, type MemberWindow } from '../../src/server/database/port.ts'
import { group } from '../kernel/world.ts'
import { describeDatabases, entry, fresh, member, writes } from './database-rows.ts'
import { databasesWithPostgres as databases } from './databases.ts'
import { missing } from './postgres.ts'
import { request } from './sync-request.ts'

test.skipIf(missing)('PostgreSQL is among the databases', () =>
  expect(Object.keys(databases)).toContain('PostgreSQL')
)

describeDatabases((database, write) => {
  test('an unknown group is empty', async () => {
    const groupID = fresh('g')
    expect(await database.snapshot(tx => tx.group(groupID))).toEqual(noGroup)
    expect(await database.transaction(tx => tx.lockGroup(groupID))).toEqual(noGroup)
    expect(await database.snapshot(tx => tx.logSince(groupID, 0, ['quitGroup'], 10))).toEqual([])
  })

  test('a failed transaction leaves nothing behind', async () => {
    const groupID = fresh('g')
    const user = fresh('u')
    const failing = database.transaction(async tx => {
      await tx.lockGroup(groupID)
      await tx.appendFeeds(
        new Map([[user, [{ kind: 'joined', groupID, membershipEpoch: 1, since: 1 }]]]),
        1
      )
      await tx.write(writes(groupID, { log: [entry(1)], members: [member(groupID, user, 1)] }))
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(
      await database.snapshot(async tx => [
        await tx.group(groupID),
        (await tx.sync(user, request)).feed,
        await tx.membersAfter(groupID, '', 9)
      ])
    ).toEqual([noGroup, { head: 0, floor: 0 }, []])
  })

  test('changes since a position include removed members', async () => {
    const groupID = fresh('g')
    await write(groupID, {
      log: [entry(1)],
      members: [member(groupID, 'a', 1), member(groupID, 'b', 1)]
    })
    await write(groupID, {
      state: { seq: 3, row: group({ groupID }), digest: 7 },
      log: [entry(2), entry(3)],
      members: [member(groupID, 'c', 2), { userID: 'a', row: null, revision: 3 }]
    })
    const since = (from: number) =>
      database.snapshot(async tx => {
        const groups = [{ groupID, from, since: 0, membersMax: 0 }]
        return (await tx.sync('x', { ...request, groups })).groups[0]?.changed
      })
    expect(await since(1)).toEqual([
      member(groupID, 'c', 2),
      { userID: 'a', row: null, revision: 3 }
    ])
    expect(await since(2)).toEqual([{ userID: 'a', row: null, revision: 3 }])
    expect(await since(3)).toEqual([])
    expect(await database.snapshot(tx => tx.members(groupID, ['a', 'b', 'z']))).toEqual(
      expect.arrayContaining([{ userID: 'a', row: null, revision: 3 }, member(groupID, 'b', 1)])
    )
  })

  test('members are read by role, time of joining and user ID', async () => {
    const groupID = fresh('g')
    const rows: [userID: string, role: string, joinTime: number][] = [
      ['e', 'Member', 1],
      ['D', 'Member', 2],
      ['c', 'Admin', 10],
      ['b', 'Deputy', 0],
      ['a', 'Member', 2],
      ['z', 'Owner', 99]
    ]
    await write(groupID, {
      log: [entry(1)],
      members: [
        ...rows.map(([userID, role, joinTime]) => ({
          userID,
          row: { ...newMember({ groupID, userID, joinTime, role: 'Member' }), role },
          revision: 1
        })),
        { userID: 'gone', row: null, revision: 1 }
      ]
    })
    const read = async (window: MemberWindow) =>
      (await database.snapshot(tx => tx.membersByRole(groupID, window))).map(row => row.userID)
    expect([
      await read({ offset: 0, limit: 9 }),
      await read({ offset: 1, limit: 2 }),
      await read({ offset: 6, limit: 2 }),
      await read({ offset: 1, limit: 9, role: 'Member' }),
      await read({ offset: 0, limit: 9, userIDList: ['a', 'gone', 'z', "'"] }),
      await read({ offset: 0, limit: 9, userIDList: [] })
    ]).toEqual([['z', 'c', 'e', 'D', 'a', 'b'], ['c', 'e'], [], ['D', 'a'], ['z', 'a'], []])
  })

  test('members are paged by user ID in UTF-16 order', async () => {
    const groupID = fresh('g')
    const users = ['b', 'B', 'a-1', 'a', 'Z', '_', 'a1']
    await write(groupID, { log: [entry(1)], members: users.map(user => member(groupID, user, 1)) })
    const page = async (after: string) =>
      (await database.snapshot(tx => tx.membersAfter(groupID, after, 3))).map(row => row.userID)
    expect([await page(''), await page('_'), await page('b')]).toEqual([
      ['B', 'Z', '_'],
      ['a', 'a-1', 'a1'],
      []
    ])
  })

  test('a dissolved group keeps only the marks of its members', async () => {
    const groupID = fresh('g')
    const key = (userID: string) => applicationKey({ groupID, userID })
    const row = {
      groupID,
      userID: 'x',
      applyMessage: '',
      applyTime: 1,
      seq: 1,
      state: 'pending',
      handlerID: '',
      handleMessage: ''
    } as const
    const application = { table: 'applications', id: 'x', row, revision: 1 } as const
    const settings = {
      table: 'settings',
      id: 'x',
      row: { groupID, userID: 'x', messageRemindType: 'Discard' },
      revision: 1
    } as const
    await write(groupID, {
      log: [entry(1)],
      members: [member(groupID, 'a', 1)],
      others: [application, settings]
    })
    expect(await database.snapshot(tx => tx.others(groupID, [key('x'), key('y')]))).toEqual([
      application
    ])
    expect(
      await database.snapshot(tx => tx.others(groupID, [settingsKey({ groupID, userID: 'x' })]))
    ).toEqual([settings])
    await write(groupID, {
      state: { seq: 2, row: null, digest: 0 },
      log: [entry(2)],
      dissolved: true
    })
    expect(
      await database.snapshot(async tx => [
        await tx.group(groupID),
        await tx.members(groupID, ['a']),
        await tx.others(groupID, [key('x')])
      ])
    ).toEqual([
      { seq: 2, row: null, digest: 0, floor: 0 },
      [{ userID: 'a', row: null, revision: 2 }],
      []
    ])
  })

  test('admins include the owner', async () => {
    const groupID = fresh('g')
    const as = (userID: string, role: Role) => ({
      userID,
      row: newMember({ groupID, userID, role, joinTime: 1 }),
      revision: 1
    })
    await write(groupID, {
      log: [entry(1)],
      members: [
        as('a', 'Owner'),
        as('b', 'Admin'),
        as('c', 'Member'),
        { userID: 'd', row: null, revision: 1 }
      ]
    })
    expect((await database.snapshot(tx => tx.admins(groupID))).sort()).toEqual(['a', 'b'])
  })

  test('the last tips are read in order', async () => {
    const groupID = fresh('g')
    const tip = (seq: number): TipRow => ({
      groupID,
      seq,
      time: 1,
      operatorID: 'ann',
      operationType: 2,
      userIDList: ['ann'],
      memberNum: seq
    })
    await write(groupID, { log: [entry(1), entry(2)], tips: [tip(1), tip(2)] })
    await write(groupID, {
      state: { seq: 3, row: group({ groupID }), digest: 7 },
      log: [entry(3)],
      tips: [tip(3)]
    })
    const since = (from: number, limit: number) =>
      database.snapshot(async tx => {
        const groups = [{ groupID, from, since: 0, membersMax: 0 }]
        const max = { ...request.max, tips: limit }
        return (await tx.sync('x', { ...request, groups, max })).groups[0]?.tips
      })
    expect([await since(0, 9), await since(1, 9), await since(0, 2), await since(3, 9)]).toEqual([
      [tip(1), tip(2), tip(3)],
      [tip(2), tip(3)],
      [tip(2), tip(3)],
      []
    ])
  })
})
