import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applicationKey, newMember, settingsKey, type Role } from '../../src/kernel/model.ts'
import type { TipRow } from '../../src/kernel/notices.ts'
import {
  noGroup,
  type Database,
  type GroupWrites,
  type LogEntry
} from '../../src/server/database/port.ts'
import { group } from '../kernel/world.ts'
import { databasesWithPostgres as databases } from './databases.ts'
import { missing } from './postgres.ts'

test.skipIf(missing)('PostgreSQL is among the databases', () =>
  expect(Object.keys(databases)).toContain('PostgreSQL')
)

describe.each(Object.entries(databases))('the database %s', (_name, open) => {
  let database: Database
  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.close())

  let count = 0
  const fresh = (prefix: string) => `${prefix}${count++}`
  const entry = (seq: number): LogEntry => ({
    seq,
    atSeconds: 1,
    actor: 'ann',
    opID: `op${seq}`,
    name: 'quitGroup',
    args: { groupID: 'g' }
  })
  const writes = (groupID: string, rest: Partial<GroupWrites>): GroupWrites => ({
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
  const write = (groupID: string, rest: Partial<GroupWrites>) =>
    database.transaction(async tx => {
      await tx.lockGroup(groupID)
      await tx.write(writes(groupID, rest))
    })
  const member = (groupID: string, userID: string, revision: number) => ({
    userID,
    row: newMember({ groupID, userID, joinTime: 1 }),
    revision
  })

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
        await tx.feed(user),
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
    const since = (from: number) => database.snapshot(tx => tx.changedSince(groupID, from))
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
        await tx.changedSince(groupID, 1),
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
      database.snapshot(tx => tx.tipsSince(groupID, from, limit))
    expect([await since(0, 9), await since(1, 9), await since(0, 2), await since(3, 9)]).toEqual([
      [tip(1), tip(2), tip(3)],
      [tip(2), tip(3)],
      [tip(2), tip(3)],
      []
    ])
  })

  test('feeds of several users are dense and in order', async () => {
    const users = [fresh('u'), fresh('u'), fresh('u')]
    const joined = (membershipEpoch: number) =>
      ({ kind: 'joined', groupID: 'g', membershipEpoch, since: 1 }) as const
    const append = (...membershipEpochs: number[]) =>
      database.transaction(tx =>
        tx.appendFeeds(new Map(users.map(user => [user, membershipEpochs.map(joined)])), 1)
      )
    expect([...(await append(1)).values()]).toEqual([1, 1, 1])
    expect([...(await append(2, 3)).values()]).toEqual([3, 3, 3])
    const [user = ''] = users
    expect(
      await database.snapshot(async tx => [
        await tx.feed(user),
        await tx.feedSince(user, 1),
        await tx.feedSince(user, 3)
      ])
    ).toEqual([
      { head: 3, floor: 0 },
      [
        { ...joined(2), fseq: 2 },
        { ...joined(3), fseq: 3 }
      ],
      []
    ])
  })

  test('compaction raises the floor to the kept history', async () => {
    const groupID = fresh('g')
    const user = fresh('u')
    const at = (seq: number, time: number): LogEntry => ({ ...entry(seq), atSeconds: time })
    const state = (seq: number) => ({ seq, row: group({ groupID }), digest: 7 })
    await write(groupID, {
      log: [at(1, 10)],
      members: [member(groupID, 'a', 1), member(groupID, 'b', 1)]
    })
    await write(groupID, {
      state: state(2),
      log: [at(2, 20)],
      members: [{ userID: 'a', row: null, revision: 2 }]
    })
    await write(groupID, {
      state: state(3),
      log: [at(3, 30)],
      members: [{ userID: 'b', row: null, revision: 3 }]
    })
    const joined = { kind: 'joined', groupID, membershipEpoch: 1, since: 1 } as const
    for (const time of [10, 20, 30])
      await database.transaction(tx => tx.appendFeeds(new Map([[user, [joined]]]), time))
    const verdicts = [10, 20].map(time => ({
      userID: user,
      name: 'quitGroup',
      atSeconds: time,
      verdict: { kind: 'applied' as const, opID: fresh('op'), groupID, seq: 1, result: null }
    }))
    await write(groupID, { verdicts })

    await database.compact({ history: 25, verdicts: 15, refusals: 15 })
    await database.compact({ history: 25, verdicts: 15, refusals: 15 })
    expect(
      await database.snapshot(async tx => [
        await tx.group(groupID),
        await tx.logSince(groupID, 0, ['quitGroup'], 10),
        await tx.changedSince(groupID, 0),
        await tx.feed(user),
        await tx.feedSince(user, 0),
        [
          ...(
            await tx.verdicts(
              user,
              verdicts.map(({ verdict }) => verdict.opID)
            )
          ).keys()
        ]
      ])
    ).toEqual([
      { ...state(3), floor: 2 },
      [at(3, 30)],
      [{ userID: 'b', row: null, revision: 3 }],
      { head: 3, floor: 2 },
      [{ ...joined, fseq: 3 }],
      [verdicts[1]?.verdict.opID]
    ])
    await write(groupID, { state: state(4), log: [at(4, 40)] })
    expect(await database.snapshot(tx => tx.group(groupID))).toEqual({ ...state(4), floor: 2 })
  })

  test('compaction removes memberships that ended before a time', async () => {
    const groupID = fresh('g')
    const ended = (userID: string, atSeconds: number) => {
      const left = { reason: 'dismissed', by: 'ann', atSeconds } as const
      return { userID, membershipEpoch: 1, since: 1, follows: false, left }
    }
    const present = { userID: 'now', membershipEpoch: 3, since: 1, follows: true, left: null }
    await write(groupID, {
      log: [entry(1)],
      memberships: [ended('early', 10), ended('late', 30), present]
    })
    await database.compact({ history: 25, verdicts: 0, refusals: 0 })
    const kept = await database.snapshot(tx => tx.memberships(groupID, ['early', 'late', 'now']))
    expect(kept.map(({ userID }) => userID).sort()).toEqual(['late', 'now'])
  })

  test('followers of a group and groups of a user are found', async () => {
    const [g1, g2, user] = [fresh('g'), fresh('g'), fresh('u')]
    const left = { reason: 'kicked', by: 'ann', atSeconds: 7 } as const
    await write(g1, {
      log: [entry(1)],
      memberships: [{ userID: user, membershipEpoch: 2, since: 1, follows: true, left: null }]
    })
    await write(g2, {
      log: [entry(1)],
      memberships: [{ userID: user, membershipEpoch: 1, since: 1, follows: false, left }]
    })
    expect(
      await database.snapshot(async tx => [
        await tx.followed(user),
        await tx.followers(g1),
        await tx.followers(g2),
        await tx.memberships(g2, [user, 'nobody']),
        await tx.groupCounts([user, 'nobody'])
      ])
    ).toEqual([
      [{ groupID: g1, membershipEpoch: 2, since: 1, seq: 1 }],
      [user],
      [],
      [{ userID: user, membershipEpoch: 1, since: 1, follows: false, left }],
      new Map([
        [user, 1],
        ['nobody', 0]
      ])
    ])
  })

  test('verdicts and log entries are found by key', async () => {
    const [groupID, user] = [fresh('g'), fresh('u')]
    const verdict = { kind: 'applied', opID: 'op', groupID, seq: 1, result: { groupID } } as const
    const joined = { ...entry(2), name: 'joinGroup' }
    const last = entry(3)
    await write(groupID, {
      log: [entry(1), joined, last],
      verdicts: [{ userID: user, verdict, name: 'quitGroup', atSeconds: 1 }]
    })
    expect(
      await database.snapshot(async tx => [
        await tx.verdicts(user, ['op', 'other']),
        await tx.verdicts('somebody', ['op']),
        await tx.logSince(groupID, 0, ['quitGroup'], 10),
        await tx.logSince(groupID, 1, ['quitGroup'], 10),
        await tx.logSince(groupID, 1, ['joinGroup', 'quitGroup'], 10),
        await tx.logSince(groupID, 0, ['joinGroup'], 10)
      ])
    ).toEqual([
      new Map([['op', { verdict, name: 'quitGroup' }]]),
      new Map(),
      [entry(1), last],
      [last],
      [joined, last],
      [joined]
    ])
  })
})
