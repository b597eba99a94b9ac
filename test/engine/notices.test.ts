/** The receivers of tips and notices, online and after being offline, on every device. */

import { beforeEach, describe, expect, test } from 'vitest'
import { giveNotice } from '../../src/server/authority/admin.ts'
import type { Args, OperationName } from '../../src/kernel/decide.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

type Call<N extends OperationName = OperationName> = {
  [K in N]: [userID: string, name: K, args: Args<K>]
}[N]

type Told = {
  readonly title: string
  /** What has happened before. */
  readonly before?: readonly Call[]
  readonly act: Call
  /** The tip that the group gets. */
  readonly tip?: Record<string, unknown>
  /** Who is given which notices. */
  readonly notices: Readonly<Record<string, readonly Record<string, unknown>[]>>
}

const crew: Call = [
  'ann',
  'createGroup',
  {
    groupID: 'crew',
    name: 'Crew',
    type: 'Public',
    memberList: [{ userID: 'bob', role: 'Admin' }, { userID: 'carl' }]
  }
]
const asking: Call = [
  'ann',
  'updateGroupProfile',
  { groupID: 'crew', joinOption: 'NeedPermission' }
]
const applying: Call = ['dora', 'joinGroup', { groupID: 'crew', applyMessage: 'please' }]
const privateCrew: Call = [
  'ann',
  'createGroup',
  { groupID: 'crew', name: 'Crew', memberList: [{ userID: 'bob' }, { userID: 'carl' }] }
]

const rows: Told[] = [
  {
    title: 'creating a group: notice 6 to the creator, 7 to the initial members, no tip',
    act: crew,
    notices: {
      ann: [{ operationType: 6, operatorID: 'ann', groupID: 'crew', groupName: 'Crew' }],
      bob: [{ operationType: 7, operatorID: 'ann' }],
      carl: [{ operationType: 7 }]
    }
  },
  {
    title: 'joining: tip 1',
    before: [crew],
    act: ['dora', 'joinGroup', { groupID: 'crew' }],
    tip: { operationType: 1, operatorID: 'dora', userIDList: ['dora'], memberNum: 4 },
    notices: {}
  },
  {
    title: 'applying: notice 1 to the owner and the admins, with the message; no tip',
    before: [crew, asking],
    act: applying,
    notices: {
      ann: [
        { operationType: 1, operatorID: 'dora', handleMessage: 'please', application: 'pending' }
      ],
      bob: [{ operationType: 1, operatorID: 'dora', handleMessage: 'please' }]
    }
  },
  {
    title: 'agreeing to an application: tip 1, notice 2 to the applicant with the remark',
    before: [crew, asking, applying],
    act: [
      'bob',
      'handleGroupApplication',
      { groupID: 'crew', userID: 'dora', handleAction: 'Agree', handleMessage: 'welcome' }
    ],
    tip: { operationType: 1, operatorID: 'bob', userIDList: ['dora'], memberNum: 4 },
    notices: { dora: [{ operationType: 2, operatorID: 'bob', handleMessage: 'welcome' }] }
  },
  {
    title: 'refusing an application: notice 3 to the applicant, no tip',
    before: [crew, asking, applying],
    act: [
      'ann',
      'handleGroupApplication',
      { groupID: 'crew', userID: 'dora', handleAction: 'Reject', handleMessage: 'not now' }
    ],
    notices: { dora: [{ operationType: 3, operatorID: 'ann', handleMessage: 'not now' }] }
  },
  {
    title: 'inviting: tip 1, notice 7 to those who came in, none to those who were in',
    before: [privateCrew],
    act: ['bob', 'addGroupMember', { groupID: 'crew', userIDList: ['dora', 'carl'] }],
    tip: { operationType: 1, operatorID: 'bob', userIDList: ['dora'], memberNum: 4 },
    notices: { dora: [{ operationType: 7, operatorID: 'bob' }] }
  },
  {
    title: 'quitting: tip 2, notice 8 to who quits',
    before: [crew],
    act: ['carl', 'quitGroup', { groupID: 'crew' }],
    tip: { operationType: 2, operatorID: 'carl', userIDList: ['carl'], memberNum: 2 },
    notices: { carl: [{ operationType: 8, operatorID: 'carl' }] }
  },
  {
    title: 'removing: tip 3, notice 4 to who is removed, with the reason',
    before: [crew],
    act: [
      'ann',
      'deleteGroupMember',
      { groupID: 'crew', userIDList: ['carl'], reason: 'the rules' }
    ],
    tip: { operationType: 3, operatorID: 'ann', userIDList: ['carl'], memberNum: 2 },
    notices: { carl: [{ operationType: 4, operatorID: 'ann', handleMessage: 'the rules' }] }
  },
  {
    title: 'dismissing: notice 5 to all members, the owner included; no tip',
    before: [crew],
    act: ['ann', 'dismissGroup', { groupID: 'crew' }],
    notices: {
      ann: [{ operationType: 5, operatorID: 'ann', groupName: 'Crew' }],
      bob: [{ operationType: 5 }],
      carl: [{ operationType: 5 }]
    }
  },
  {
    title: 'making an admin: tip 4, notice 9 to the new admin',
    before: [crew],
    act: ['ann', 'setGroupMemberRole', { groupID: 'crew', userID: 'carl', role: 'Admin' }],
    tip: { operationType: 4, operatorID: 'ann', userIDList: ['carl'] },
    notices: { carl: [{ operationType: 9 }] }
  },
  {
    title: 'unmaking an admin: tip 5, notice 10',
    before: [crew],
    act: ['ann', 'setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Member' }],
    tip: { operationType: 5, operatorID: 'ann', userIDList: ['bob'] },
    notices: { bob: [{ operationType: 10 }] }
  },
  {
    title: 'changing the profile: tip 6 with what has changed',
    before: [crew],
    act: [
      'bob',
      'updateGroupProfile',
      {
        groupID: 'crew',
        name: 'Boat',
        introduction: '',
        groupCustomField: [{ key: 'level', value: 'high' }]
      }
    ],
    tip: {
      operationType: 6,
      operatorID: 'bob',
      newGroupProfile: { name: 'Boat', groupCustomField: [{ key: 'level', value: 'high' }] }
    },
    notices: {}
  },
  {
    title: 'transferring: tip 6 with the new owner',
    before: [crew],
    act: ['ann', 'changeGroupOwner', { groupID: 'crew', newOwnerID: 'carl' }],
    tip: { operationType: 6, operatorID: 'ann', newGroupProfile: { ownerID: 'carl' } },
    notices: {}
  },
  {
    title: 'muting: tip 7 with the seconds',
    before: [crew],
    act: ['bob', 'setGroupMemberMuteTime', { groupID: 'crew', userID: 'carl', muteTime: 600 }],
    tip: { operationType: 7, operatorID: 'bob', memberList: [{ userID: 'carl', muteTime: 600 }] },
    notices: {}
  },
  {
    title: 'a name card: nobody is told',
    before: [crew],
    act: ['carl', 'setGroupMemberNameCard', { groupID: 'crew', nameCard: 'C' }],
    notices: {}
  },
  {
    title: 'a custom field of a member: nobody is told',
    before: [crew],
    act: [
      'carl',
      'setGroupMemberCustomField',
      { groupID: 'crew', memberCustomField: [{ key: 'k', value: 'v' }] }
    ],
    notices: {}
  },
  {
    title: 'a notification type: nobody is told',
    before: [crew],
    act: ['carl', 'setMessageRemindType', { groupID: 'crew', messageRemindType: 'Discard' }],
    notices: {}
  }
]

const users = ['ann', 'bob', 'carl', 'dora']
let server: TestServer
/** Two devices of each user. */
let devices: Map<string, [TestClient, TestClient]>

beforeEach(() => {
  server = createTestServer()
  const device = (userID: string) => createTestClient(server, userID, { keepUndelivered: true })
  devices = new Map(users.map(userID => [userID, [device(userID), device(userID)]]))
})

const quiet = () => server.clock.advance(500)

async function perform([userID, name, args]: Call): Promise<void> {
  const verdict = await server.judge(userID, { name, args, groupID: 'crew' })
  expect({ name, verdict }).toMatchObject({ verdict: { kind: 'applied' } })
  await quiet()
}

/** The tips and notices that a device keeps, and its undelivered events. */
async function told(client: TestClient) {
  return {
    tips: await client.tips('crew'),
    notices: await client.notices(),
    undelivered: await client.undelivered()
  }
}

describe.each(rows)('$title', ({ before = [], act, tip, notices }) => {
  test.each([
    ['who is there', false],
    ['who comes back', true]
  ])('is told once to %s', async (_who, isAway) => {
    await quiet()
    for (const call of before) await perform(call)
    const earlier = new Map<TestClient, Awaited<ReturnType<typeof told>>>()
    for (const pair of devices.values())
      for (const client of pair) earlier.set(client, await told(client))
    const inGroup = async (userID: string) => Boolean(await devices.get(userID)![0].group('crew'))
    if (isAway) for (const [, second] of devices.values()) second.network.cut()
    await perform(act)
    const members = new Set<string>()
    for (const userID of users) if (await inGroup(userID)) members.add(userID)
    if (isAway) for (const [, second] of devices.values()) second.network.restore()
    await server.clock.advance(60_000)

    for (const [userID, pair] of devices) {
      for (const client of pair) {
        const now = await told(client)
        const was = earlier.get(client)!
        const news = {
          tips: members.has(userID) ? now.tips.slice(was.tips.length) : [],
          notices: now.notices.slice(was.notices.length)
        }
        expect({ userID, ...news }).toMatchObject({
          userID,
          tips: tip && members.has(userID) ? [tip] : [],
          notices: notices[userID] ?? []
        })
        const arrived = now.undelivered.slice(was.undelivered.length)
        expect(
          arrived.map(arrival => (arrival.kind === 'tip' ? arrival.tip : arrival.notice))
        ).toHaveLength(news.tips.length + news.notices.length)
      }
      const [first, second] = pair
      expect(await first.notices()).toEqual(await second.notices())
      expect(await first.tips('crew')).toEqual(await second.tips('crew'))
    }
  })
})

describe('handing on', () => {
  test('a delivered event does not come again, even after a restart', async () => {
    await perform(crew)
    const [bob] = devices.get('bob')!
    const [arrival] = await bob.undelivered()
    expect(arrival).toMatchObject({ kind: 'notice', notice: { operationType: 7 } })
    await bob.engine.delivered(arrival!.number)
    expect(await bob.undelivered()).toEqual([])
    await bob.engine.close()
    const again = createTestClient(server, 'bob', { storage: bob.storage, keepUndelivered: true })
    await again.caughtUp()
    expect([await again.undelivered(), (await again.notices()).length]).toEqual([[], 1])
  })

  test('an undelivered event waits for the next start', async () => {
    await perform(crew)
    const [bob] = devices.get('bob')!
    await bob.engine.close()
    const again = createTestClient(server, 'bob', {
      storage: bob.storage,
      keepUndelivered: true,
      paused: true
    })
    expect(await again.undelivered()).toMatchObject([{ notice: { operationType: 7 } }])
  })

  test('tips and notices of a time away come in order', async () => {
    await perform(crew)
    const [, bob] = devices.get('bob')!
    bob.network.cut()
    await perform(['carl', 'quitGroup', { groupID: 'crew' }])
    await perform(['ann', 'setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Member' }])
    await perform(['ann', 'updateGroupProfile', { groupID: 'crew', name: 'Boat' }])
    bob.network.restore()
    await bob.caughtUp()
    expect((await bob.tips('crew')).map(tip => tip.operationType)).toEqual([2, 5, 6])
    expect((await bob.notices()).map(notice => notice.operationType)).toEqual([7, 10])
  })

  test('the last hundred tips are kept', async () => {
    await perform(crew)
    for (let count = 0; count < 110; count++)
      await server.judge('ann', {
        name: 'updateGroupProfile',
        args: { groupID: 'crew', name: `Boat ${count}` },
        groupID: 'crew'
      })
    await quiet()
    const [bob] = devices.get('bob')!
    const tips = await bob.tips('crew')
    expect([tips.length, tips[0]?.newGroupProfile, tips.at(-1)?.newGroupProfile]).toEqual([
      100,
      { name: 'Boat 10' },
      { name: 'Boat 109' }
    ])
  })

  test('a new member gets no earlier tips', async () => {
    await perform(crew)
    await perform(['ann', 'updateGroupProfile', { groupID: 'crew', name: 'Boat' }])
    await perform(['dora', 'joinGroup', { groupID: 'crew' }])
    for (const client of devices.get('dora')!)
      expect((await client.tips('crew')).map(tip => tip.operationType)).toEqual([1])
  })

  test('a new device gets recent notices, pending applications included', async () => {
    for (const call of [crew, asking, applying]) await perform(call)
    const fresh = createTestClient(server, 'ann')
    await fresh.caughtUp()
    expect(
      (await fresh.notices()).map(notice => [notice.operationType, notice.application])
    ).toEqual([
      [6, null],
      [1, 'pending']
    ])
  })

  test('the tips that Tencent leaves out can be left out', async () => {
    server = createTestServer({ policy: { suppressTips: 'tencent' } })
    const ann = createTestClient(server, 'ann')
    await server.judge('ann', {
      name: 'createGroup',
      args: { groupID: 'crew', name: 'Crew', type: 'ChatRoom' },
      groupID: 'crew'
    })
    await server.judge('bob', { name: 'joinGroup', args: { groupID: 'crew' }, groupID: 'crew' })
    await server.judge('ann', {
      name: 'updateGroupProfile',
      args: { groupID: 'crew', muteAllMembers: true },
      groupID: 'crew'
    })
    await server.judge('ann', {
      name: 'updateGroupProfile',
      args: { groupID: 'crew', name: 'Boat' },
      groupID: 'crew'
    })
    await quiet()
    expect((await ann.tips('crew')).map(tip => tip.operationType)).toEqual([6])
  })

  test('a notice of the app reaches all members, or those named', async () => {
    await perform(crew)
    const give = (userDefinedField: string, userIDs?: string[]) =>
      server.database.transaction(tx =>
        giveNotice(
          tx,
          { groupID: 'crew', userDefinedField, ...(userIDs && { userIDs }) },
          { nowMs: server.clock.now() }
        )
      )
    for (const announcement of [await give('to all'), await give('to carl', ['carl', 'dora'])]) {
      if ('code' in announcement) throw new Error(announcement.message)
      server.publish(announcement)
    }
    await quiet()
    const custom = async (userID: string) =>
      (await devices.get(userID)![0].notices()).flatMap(notice =>
        notice.operationType === 255 ? notice.userDefinedField : []
      )
    expect([await custom('ann'), await custom('carl'), await custom('dora')]).toEqual([
      ['to all'],
      ['to all', 'to carl'],
      []
    ])
    expect(await give('x'.repeat(8001))).toMatchObject({ code: 10004 })
  })
})

describe('applications', () => {
  test('of two decisions about an application the first counts', async () => {
    for (const call of [crew, asking, applying]) await perform(call)
    const [ann] = devices.get('ann')!
    const [bob] = devices.get('bob')!
    bob.network.cut()
    const late = await bob.apply('handleGroupApplication', {
      groupID: 'crew',
      userID: 'dora',
      handleAction: 'Reject'
    })
    expect((await bob.notices()).at(-1)?.application).toBe('refused')
    await ann.settle('handleGroupApplication', {
      groupID: 'crew',
      userID: 'dora',
      handleAction: 'Agree'
    })
    bob.network.restore()
    await bob.caughtUp()
    await quiet()
    expect(await bob.engine.settled(late.opID)).toMatchObject({
      verdict: { kind: 'rejected', error: { code: 10024 } }
    })
    for (const [userID, pair] of devices) {
      for (const client of pair) {
        expect([
          userID,
          (await client.members('crew')).map(member => member.userID).sort()
        ]).toEqual([userID, ['ann', 'bob', 'carl', 'dora']])
      }
    }
    for (const client of [ann, bob])
      expect((await client.notices()).at(-1)).toMatchObject({
        operationType: 1,
        application: 'agreed'
      })
  })

  test('a decision about a handled application is refused at once', async () => {
    for (const call of [crew, asking, applying]) await perform(call)
    await perform([
      'ann',
      'handleGroupApplication',
      { groupID: 'crew', userID: 'dora', handleAction: 'Reject' }
    ])
    const [bob] = devices.get('bob')!
    expect(
      await bob.engine.apply('handleGroupApplication', {
        groupID: 'crew',
        userID: 'dora',
        handleAction: 'Agree'
      })
    ).toMatchObject({ code: 10024 })
  })

  test('a second application after a refusal can be decided', async () => {
    for (const call of [crew, asking, applying]) await perform(call)
    await perform([
      'ann',
      'handleGroupApplication',
      { groupID: 'crew', userID: 'dora', handleAction: 'Reject' }
    ])
    await perform(applying)
    const [bob] = devices.get('bob')!
    expect((await bob.notices()).map(notice => notice.application)).toEqual([
      null,
      'refused',
      'pending'
    ])
    await bob.settle('handleGroupApplication', {
      groupID: 'crew',
      userID: 'dora',
      handleAction: 'Agree'
    })
    expect((await bob.notices()).map(notice => notice.application)).toEqual([
      null,
      'refused',
      'agreed'
    ])
  })
})

describe('mutes', () => {
  test('end by the clock, without a message, and the lists show it', async () => {
    await perform(crew)
    const [bob] = devices.get('bob')!
    const muteUntil = async (userID: string) =>
      (await bob.members('crew')).find(member => member.userID === userID)?.muteUntil
    await bob.apply('setGroupMemberMuteTime', { groupID: 'crew', userID: 'carl', muteTime: 60 })
    expect(await muteUntil('carl')).toBeGreaterThan(0)
    const list = bob.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 100 })
    await server.clock.advance(30_000)
    list.patches.length = 0
    const sent = bob.network.transcript.filter(
      ({ message }) => message['type'] !== 'ping' && message['type'] !== 'pong'
    ).length
    await server.clock.advance(31_000)
    expect(await muteUntil('carl')).toBe(0)
    expect(list.patches).toMatchObject([
      { edits: [[expect.anything(), expect.anything(), { userID: 'carl', muteUntil: 0 }]] }
    ])
    expect(
      bob.network.transcript.filter(
        ({ message }) => message['type'] !== 'ping' && message['type'] !== 'pong'
      ).length
    ).toBe(sent)
  })

  test('leaving and coming back does not end one', async () => {
    await perform(crew)
    await perform([
      'ann',
      'setGroupMemberMuteTime',
      { groupID: 'crew', userID: 'carl', muteTime: 600 }
    ])
    await perform(['carl', 'quitGroup', { groupID: 'crew' }])
    await perform(['carl', 'joinGroup', { groupID: 'crew' }])
    const [ann] = devices.get('ann')!
    expect(
      (await ann.members('crew')).find(member => member.userID === 'carl')?.muteUntil
    ).toBeGreaterThan(0)
  })

  test('a muted member who becomes the owner is unmuted', async () => {
    await perform(crew)
    await perform([
      'ann',
      'setGroupMemberMuteTime',
      { groupID: 'crew', userID: 'carl', muteTime: 600 }
    ])
    await perform(['ann', 'changeGroupOwner', { groupID: 'crew', newOwnerID: 'carl' }])
    const [ann] = devices.get('ann')!
    expect(
      (await ann.members('crew')).map(member => [member.userID, member.role, member.muteUntil])
    ).toEqual([
      ['ann', 'Member', 0],
      ['bob', 'Admin', 0],
      ['carl', 'Owner', 0]
    ])
  })
})

test("settings for a group reach only the user's other devices", async () => {
  await perform(crew)
  await perform(['carl', 'setMessageRemindType', { groupID: 'crew', messageRemindType: 'Discard' }])
  for (const client of devices.get('carl')!)
    expect((await client.group('crew'))?.selfInfo?.messageRemindType).toBe('Discard')
  for (const client of devices.get('ann')!) {
    expect((await client.group('crew'))?.selfInfo?.messageRemindType).toBe('AcceptAndNotify')
    expect(JSON.stringify(client.network.transcript)).not.toContain('Discard')
  }
})
