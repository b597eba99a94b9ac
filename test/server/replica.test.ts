/** The replica of a session, when reads, announcements and its end overtake each other. */

import { setImmediate as immediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { submission, type Outcome } from '../../src/server/authority/submission.ts'
import type { Announcement } from '../../src/server/authority/announcement.ts'
import { deltaFrames } from '../../src/server/sessions/frames.ts'
import { createBus } from '../../src/server/sessions/bus.ts'
import { createLanes } from '../../src/server/authority/lanes.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database } from '../../src/server/database/port.ts'
import { createReplica } from '../../src/server/sessions/replica/replica.ts'
import { noPositions } from '../../src/server/sessions/replica/positions.ts'
import { must } from '../../src/kernel/must.ts'
import { digestVersion } from '../../src/protocol/digest.ts'
import type { DeltaMessage } from '../../src/protocol/server-messages.ts'
import { defaultPolicy } from '../../src/kernel/limits.ts'

const now = () => 1_700_000_000_000
type Sent = Pick<DeltaMessage, 'groups'>

function createWorld(database = createMemoryDatabase('e')) {
  const announced: Announcement[] = []
  const announce = (announcement: Announcement) => void announced.push(announcement)
  const onError = (error: unknown) => expect.fail(String(error))
  const lanes = createLanes(database, {
    now,
    policy: { ...defaultPolicy, suppressTips: 'tencent' },
    announce,
    onError
  })
  let count = 0
  const judge = (groupID: string, name: string, args: object, userID = 'ann') =>
    new Promise<unknown>(settle => {
      const operation = {
        opID: `${count++}`,
        name,
        args: { groupID, ...args },
        groupID,
        seen: 0,
        waitedSeconds: 0
      }
      lanes.submit({ ...submission({ userID, isAppAdmin: false, operation }), settle })
    })
  return { database, announced, judge }
}

test('a session that ends while catching up has no subscriptions', async () => {
  const { database, judge } = createWorld()
  await judge('crew', 'createGroup', { name: 'Crew', type: 'Public' })
  const bus = createBus()
  const topics = new Set<string>()
  const subscribe = (topic: string) => {
    topics.add(topic)
    const stop = bus.subscribe(topic, () => undefined)
    return () => (topics.delete(topic), stop())
  }
  const replica = createReplica('ann', { now, subscribe })
  const catchingUp = replica.catchUp(database, noPositions, {
    groupsPerFrame: 1,
    send: () => undefined
  })
  replica.end()
  await catchingUp
  expect([...topics]).toEqual([])
})

test('a user removed while catching up receives no later change', async () => {
  const { database, judge } = createWorld()
  const memberList = [{ userID: 'bob' }]
  for (const groupID of ['crew', 'den'])
    await judge(groupID, 'createGroup', { name: groupID, type: 'Public', memberList })
  const sent: Sent[] = []
  const replica = createReplica('bob', { now, subscribe: () => () => undefined })
  let snapshots = 0
  const slow: Database = {
    ...database,
    async snapshot(body) {
      // The last: between the first group and the second.
      if (++snapshots === 4) {
        await judge('den', 'deleteGroupMember', { userIDList: ['bob'] })
        await judge('den', 'updateGroupProfile', { name: 'Secret' })
      }
      return database.snapshot(body)
    }
  }
  const send = () => sent.push(replica.nextDelta() ?? { groups: [] })
  await replica.catchUp(slow, noPositions, { groupsPerFrame: 1, send })
  expect(snapshots).toBe(4)
  expect(JSON.stringify(sent)).not.toContain('Secret')
})

test('no group is sent while the feed is unread', async () => {
  const { database, announced, judge } = createWorld()
  const memberList = [{ userID: 'bob' }]
  for (const groupID of ['crew', 'den'])
    await judge(groupID, 'createGroup', { name: groupID, type: 'Public', memberList })
  const replica = createReplica('bob', { now, subscribe: () => () => undefined })
  await replica.catchUp(database, noPositions, {
    groupsPerFrame: 9,
    send: () => replica.nextDelta()
  })
  announced.length = 0
  await judge('crew', 'deleteGroupMember', { userIDList: ['bob'] })
  await judge('den', 'deleteGroupMember', { userIDList: ['bob'] })
  await judge('den', 'updateGroupProfile', { name: 'Secret' })
  // Lanes announce independently, so announcements may arrive in another order than the feed.
  const [first, ...rest] = announced
  for (const announcement of rest) replica.receive(announcement)
  if (first) replica.receive(first)
  await replica.refresh(database)
  expect(JSON.stringify(replica.nextDelta())).not.toContain('Secret')
})

test('a verdict on joining arrives with its unannounced group', async () => {
  const { database, judge } = createWorld()
  const replica = createReplica('ann', { now, subscribe: () => () => undefined })
  await replica.catchUp(database, noPositions, {
    groupsPerFrame: 9,
    send: () => replica.nextDelta()
  })
  await judge('crew', 'createGroup', { name: 'Crew', type: 'Public' })
  replica.addOutcome({ kind: 'applied', opID: '0', groupID: 'crew', seq: 1, result: undefined })
  expect(replica.hasUnread()).toBe(true)
  await replica.refresh(database)
  expect(replica.nextDelta()).toMatchObject({
    feed: {
      events: expect.arrayContaining([
        expect.objectContaining({ kind: 'joined', groupID: 'crew' })
      ]) as unknown
    },
    groups: [{ groupID: 'crew', to: 1 }],
    verdicts: [{ opID: '0' }]
  })
})

/** Ann and Bob in a group without tips, and the replica of Bob's session. */
async function createPair(pending: readonly string[] = []) {
  const { database, announced, judge } = createWorld()
  await judge('crew', 'createGroup', {
    name: 'Crew',
    type: 'Public',
    memberList: [{ userID: 'bob' }]
  })
  const replica = createReplica('bob', { now, subscribe: () => () => undefined })
  await replica.catchUp(
    database,
    { ...noPositions, pending },
    {
      groupsPerFrame: 9,
      send: () => replica.nextDelta()
    }
  )
  announced.length = 0
  const receiveAll = () => announced.splice(0).forEach(each => void replica.receive(each))
  return { database, replica, judge, receiveAll }
}

test('a changed profile in a batch with settings reaches another member', async () => {
  const { replica, judge, receiveAll } = await createPair()
  await Promise.all([
    judge('crew', 'quitGroup', {}),
    judge('crew', 'setMessageRemindType', { messageRemindType: 'Discard' }),
    judge('crew', 'updateGroupProfile', { joinOption: 'DisableApply' })
  ])
  receiveAll()
  expect(replica.nextDelta()?.groups.at(-1)).toMatchObject({
    group: { joinOption: 'DisableApply' }
  })
})

test('a setting of another member alone sends nothing', async () => {
  const { replica, judge, receiveAll } = await createPair()
  await judge('crew', 'setMessageRemindType', { messageRemindType: 'Discard' })
  receiveAll()
  expect([replica.nextDelta(), replica.hasUnread()]).toEqual([undefined, false])
})

test('drift is repaired after a setting of another member', async () => {
  const { database, replica, judge, receiveAll } = await createPair()
  const { membershipEpoch = 0, seq = 0 } = replica.position('crew') ?? {}
  await judge('crew', 'setMessageRemindType', { messageRemindType: 'Discard' })
  receiveAll()
  const check = { groupID: 'crew', membershipEpoch, seq, digest: 1, version: digestVersion }
  await replica.refresh(database, { ping: { check } })
  expect(replica.nextDelta()?.groups).toMatchObject([{ groupID: 'crew', from: 0, to: seq + 1 }])
})

test('a session that names operations reads only after its user acts', async () => {
  const { replica, judge, receiveAll } = await createPair(['lost'])
  await judge('crew', 'updateGroupProfile', { name: 'New' })
  receiveAll()
  expect(replica.nextDelta()?.groups).toMatchObject([{ group: { name: 'New' } }])
  expect(replica.hasUnread()).toBe(false)
  await judge('crew', 'setMessageRemindType', { messageRemindType: 'Discard' }, 'bob')
  receiveAll()
  expect([replica.nextDelta(), replica.hasUnread()]).toEqual([undefined, true])
})

test('a verdict that a read has found is followed by no retry', async () => {
  const { database, replica, judge, receiveAll } = await createPair()
  const remind = (messageRemindType: string) =>
    judge('crew', 'setMessageRemindType', { messageRemindType }, 'bob')
  replica.addPushed('1')
  await remind('Discard')
  receiveAll()
  await replica.refresh(database)
  expect(replica.nextDelta()?.verdicts).toMatchObject([{ opID: '1' }])
  replica.addRetry('1')
  await remind('AcceptNotNotify')
  receiveAll()
  expect([replica.nextDelta()?.retry, replica.hasUnread()]).toEqual([[], false])
})

test('an announcement during a read does not move the client back', async () => {
  const { database, replica, judge, receiveAll } = await createPair()
  const positions: (number | undefined)[] = []
  const slow: Database = {
    ...database,
    snapshot: work =>
      database.snapshot(async reader => {
        const answer = await work(reader)
        receiveAll()
        return answer
      })
  }
  await judge('crew', 'updateGroupProfile', { name: 'a' })
  await replica.refresh(slow)
  positions.push(replica.position('crew')?.seq)
  await replica.refresh(database)
  positions.push(replica.position('crew')?.seq)
  expect([positions, replica.hasUnread()]).toEqual([[2, 2], false])
})

test('a session that receives a summary keeps only its groups', async () => {
  const { database, judge } = createWorld()
  for (const groupID of ['crew', 'den'])
    await judge(groupID, 'createGroup', { name: groupID, memberList: [{ userID: 'bob' }] })
  const replica = createReplica('bob', { now, subscribe: () => () => undefined })
  await replica.catchUp(database, noPositions, {
    groupsPerFrame: 100,
    send: () => replica.nextDelta()
  })
  for (let round = 0; round < 300; round++) {
    await judge('crew', 'deleteGroupMember', { userIDList: ['bob'] })
    await judge('crew', 'addGroupMember', { userIDList: ['bob'] })
  }
  await judge('crew', 'deleteGroupMember', { userIDList: ['bob'] })
  await replica.refresh(database)
  expect(replica.nextDelta()).toMatchObject({ feed: { from: 0 }, groups: [] })
  expect([replica.position('crew'), replica.position('den')]).toMatchObject([undefined, { seq: 1 }])
})

test('a verdict of a group dismissed during a read arrives next', async () => {
  const { database, announced, judge } = createWorld(
    createMemoryDatabase('e', { count: 4, pause: immediate })
  )
  await judge('crew', 'createGroup', { name: 'Crew', type: 'Public' })
  const replica = createReplica('ann', { now, subscribe: () => () => undefined })
  await replica.catchUp(database, noPositions, { groupsPerFrame: 100, send: () => undefined })
  replica.nextDelta()
  await replica.read(database, async () => {
    const outcome = (await judge('crew', 'dismissGroup', {})) as Outcome
    replica.receive(must(announced.at(-1)))
    if (outcome.kind === 'verdict') replica.addOutcome(outcome.verdict)
  })
  while (replica.hasUnread()) await replica.refresh(database)
  expect(replica.nextDelta()?.verdicts).toMatchObject([{ kind: 'applied', groupID: 'crew' }])
})

test.each(['Public', 'AVChatRoom'] as const)(
  'the rows of an announcement are serialised once for all sessions (%s)',
  async type => {
    const { database, announced, judge } = createWorld()
    await judge('crew', 'createGroup', {
      name: 'Crew',
      type,
      ...(type === 'Public' && { memberList: [{ userID: 'bob' }, { userID: 'carl' }] })
    })
    for (const userID of type === 'Public' ? [] : ['bob', 'carl'])
      await judge('crew', 'joinGroup', {}, userID)
    const replicas = await Promise.all(
      ['bob', 'carl'].map(async userID => {
        const replica = createReplica(userID, { now, subscribe: () => () => undefined })
        await replica.catchUp(database, noPositions, {
          groupsPerFrame: 9,
          send: () => replica.nextDelta()
        })
        return replica
      })
    )
    announced.length = 0
    const groupAttributes = [{ key: 'seat', value: 'ann' }]
    await judge('crew', 'setGroupAttributes', { groupAttributes })
    let serialised = 0
    const [announcement] = announced.map(each => ({
      ...each,
      entries: {
        attributes: { ...must(each.entries.attributes), toJSON: () => ({ count: ++serialised }) }
      }
    }))
    const frames = replicas.flatMap(replica => {
      replica.receive(must(announcement))
      return deltaFrames({ type: 'delta', serverTime: now(), ...must(replica.nextDelta()) })
    })
    expect(frames.map(frame => JSON.parse(frame).groups[0].attributes)).toEqual([
      { count: 1 },
      { count: 1 }
    ])
  }
)

test('the log keeps no values of attributes', async () => {
  const { database, judge } = createWorld()
  const memberList = [{ userID: 'bob' }]
  await judge('crew', 'createGroup', { name: 'Crew', type: 'Public', memberList })
  const groupAttributes = [{ key: 'seat', value: 'ann' }]
  await judge('crew', 'setGroupAttributes', { groupAttributes })
  await judge('crew', 'setGroupMemberRole', { userID: 'bob', role: 'Admin' })
  const logged = await database.snapshot(reader =>
    reader.logSince('crew', 0, ['setGroupAttributes', 'setGroupMemberRole'], 9)
  )
  expect(logged.map(({ args }) => args)).toEqual([
    { groupID: 'crew' },
    { groupID: 'crew', userID: 'bob', role: 'Admin' }
  ])
})
