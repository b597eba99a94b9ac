/** The receivers of tips and notices, online and after being offline, on every device. */

import { beforeEach, describe, expect, test } from 'vitest'
import { type TestClient } from '../harness.ts'
import {
  type Call,
  crew,
  asking,
  applying,
  users,
  server,
  devices,
  quiet,
  perform,
  received,
  startDevices
} from './notice-devices.ts'

beforeEach(() => startDevices())

type Told = {
  readonly title: string
  /** Earlier operations. */
  readonly before?: readonly Call[]
  readonly act: Call
  /** The tip that the group gets. */
  readonly tip?: Record<string, unknown>
  /** The notices of each user. */
  readonly notices: Readonly<Record<string, readonly Record<string, unknown>[]>>
}

const privateCrew: Call = [
  'ann',
  'createGroup',
  { groupID: 'crew', name: 'Crew', memberList: [{ userID: 'bob' }, { userID: 'carl' }] }
]

const rows: Told[] = [
  {
    title: 'a creation',
    act: crew,
    notices: {
      ann: [{ operationType: 6, operatorID: 'ann', groupID: 'crew', groupName: 'Crew' }],
      bob: [{ operationType: 7, operatorID: 'ann' }],
      carl: [{ operationType: 7 }]
    }
  },
  {
    title: 'a join',
    before: [crew],
    act: ['dora', 'joinGroup', { groupID: 'crew' }],
    tip: { operationType: 1, operatorID: 'dora', userIDList: ['dora'], memberNum: 4 },
    notices: {}
  },
  {
    title: 'an application',
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
    title: 'an accepted application',
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
    title: 'a refused application',
    before: [crew, asking, applying],
    act: [
      'ann',
      'handleGroupApplication',
      { groupID: 'crew', userID: 'dora', handleAction: 'Reject', handleMessage: 'not now' }
    ],
    notices: { dora: [{ operationType: 3, operatorID: 'ann', handleMessage: 'not now' }] }
  },
  {
    title: 'an invitation of new and existing members',
    before: [privateCrew],
    act: ['bob', 'addGroupMember', { groupID: 'crew', userIDList: ['dora', 'carl'] }],
    tip: { operationType: 1, operatorID: 'bob', userIDList: ['dora'], memberNum: 4 },
    notices: { dora: [{ operationType: 7, operatorID: 'bob' }] }
  },
  {
    title: 'a quit',
    before: [crew],
    act: ['carl', 'quitGroup', { groupID: 'crew' }],
    tip: { operationType: 2, operatorID: 'carl', userIDList: ['carl'], memberNum: 2 },
    notices: { carl: [{ operationType: 8, operatorID: 'carl' }] }
  },
  {
    title: 'a removal',
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
    title: 'a dismissal',
    before: [crew],
    act: ['ann', 'dismissGroup', { groupID: 'crew' }],
    notices: {
      ann: [{ operationType: 5, operatorID: 'ann', groupName: 'Crew' }],
      bob: [{ operationType: 5 }],
      carl: [{ operationType: 5 }]
    }
  },
  {
    title: 'a promotion',
    before: [crew],
    act: ['ann', 'setGroupMemberRole', { groupID: 'crew', userID: 'carl', role: 'Admin' }],
    tip: { operationType: 4, operatorID: 'ann', userIDList: ['carl'] },
    notices: { carl: [{ operationType: 9 }] }
  },
  {
    title: 'a demotion',
    before: [crew],
    act: ['ann', 'setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Member' }],
    tip: { operationType: 5, operatorID: 'ann', userIDList: ['bob'] },
    notices: { bob: [{ operationType: 10 }] }
  },
  {
    title: 'a change of the profile',
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
    title: 'a transfer',
    before: [crew],
    act: ['ann', 'changeGroupOwner', { groupID: 'crew', newOwnerID: 'carl' }],
    tip: { operationType: 6, operatorID: 'ann', newGroupProfile: { ownerID: 'carl' } },
    notices: {}
  },
  {
    title: 'a mute',
    before: [crew],
    act: ['bob', 'setGroupMemberMuteTime', { groupID: 'crew', userID: 'carl', muteTime: 600 }],
    tip: { operationType: 7, operatorID: 'bob', memberList: [{ userID: 'carl', muteTime: 600 }] },
    notices: {}
  },
  {
    title: 'a change of a name card',
    before: [crew],
    act: ['carl', 'setGroupMemberNameCard', { groupID: 'crew', nameCard: 'C' }],
    notices: {}
  },
  {
    title: 'a change of a custom field of a member',
    before: [crew],
    act: [
      'carl',
      'setGroupMemberCustomField',
      { groupID: 'crew', memberCustomField: [{ key: 'k', value: 'v' }] }
    ],
    notices: {}
  },
  {
    title: 'a change of the remind type',
    before: [crew],
    act: ['carl', 'setMessageRemindType', { groupID: 'crew', messageRemindType: 'Discard' }],
    notices: {}
  }
]

describe.each(rows)('$title', ({ before = [], act, tip, notices }) => {
  test.each([
    ['online', false],
    ['returning', true]
  ])('gives %s devices its tips and notices once', async (_device, isAway) => {
    await quiet()
    for (const call of before) await perform(call)
    const earlier = new Map<TestClient, Awaited<ReturnType<typeof received>>>()
    for (const pair of devices.values())
      for (const client of pair) earlier.set(client, await received(client))
    const inGroup = async (userID: string) => Boolean(await devices.get(userID)![0].group('crew'))
    if (isAway) for (const [, second] of devices.values()) second.network.cut()
    await perform(act)
    const members = new Set<string>()
    for (const userID of users) if (await inGroup(userID)) members.add(userID)
    if (isAway) for (const [, second] of devices.values()) second.network.restore()
    await server.clock.advance(60_000)

    for (const [userID, pair] of devices) {
      for (const client of pair) {
        const now = await received(client)
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
