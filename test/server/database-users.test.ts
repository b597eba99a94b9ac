/** Users in a database: feeds, memberships and verdicts, and the compaction of history. */

import { expect, test } from 'vitest'
import { banKey } from '../../src/kernel/model.ts'
import type { LogEntry } from '../../src/server/database/port.ts'
import { group } from '../kernel/world.ts'
import { describeDatabases, entry, fresh, member } from './database-rows.ts'
import { request } from './sync-request.ts'

describeDatabases((database, write) => {
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
        await tx.sync(user, { ...request, feed: 1, max: { ...request.max, events: 2 } }),
        await tx.sync(user, { ...request, feed: 3 })
      ])
    ).toMatchObject([
      {
        feed: { head: 3, floor: 0 },
        events: [
          { ...joined(2), fseq: 2 },
          { ...joined(3), fseq: 3 }
        ]
      },
      { feed: { head: 3, floor: 0 }, events: [] }
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
        await tx.members(groupID, ['a', 'b']),
        (await tx.sync(user, request)).feed,
        (await tx.sync(user, request)).events,
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

  test('compaction removes bans that ended before a time', async () => {
    const groupID = fresh('g')
    const ban = (userID: string, until: number) => {
      const row = { groupID, userID, until }
      return { table: 'bans' as const, id: banKey(row).id, row, revision: 1 }
    }
    const bans = [ban('early', 10), ban('late', 30)]
    await write(groupID, { log: [entry(1)], others: bans })
    await database.compact({ history: 25, verdicts: 0, refusals: 0 })
    const keys = bans.map(({ row }) => banKey(row))
    expect(await database.snapshot(tx => tx.others(groupID, keys))).toEqual([bans[1]])
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
        (await tx.sync(user, request)).followed,
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
