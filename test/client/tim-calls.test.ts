/** Calls of the TIM API as clients of Tencent's SDK make them. */

import { beforeEach, describe, expect, test } from 'vitest'
import type { SyncServer } from '../../src/server/main.ts'
import TIM, { type IMError, type Tim } from '../../src/tim/tim.ts'
import { logIn, openServer } from './page.ts'

let server: SyncServer
beforeEach(async () => {
  server = await openServer({ appAdmins: ['root'] })
})
const as = (userID: string) => logIn(server.url, userID)

const codeOf = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 0,
    (error: IMError) => error.code
  )

/** Ann owns crew, and dora has applied to join. */
async function appliedToCrew(): Promise<{ ann: Tim; dora: Tim }> {
  const [ann, dora] = [await as('ann'), await as('dora')]
  const joinOption = TIM.TYPES.JOIN_OPTIONS_NEED_PERMISSION
  await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public', joinOption })
  await dora.joinGroup({ groupID: 'crew', applyMessage: 'please' })
  return { ann, dora }
}

describe('an app admin outside of the group', () => {
  const groupID = 'crew'
  const calls: [string, (root: Tim) => Promise<unknown>][] = [
    ['addGroupMember', root => root.addGroupMember({ groupID, userIDList: ['carl'] })],
    ['updateGroupProfile', root => root.updateGroupProfile({ groupID, name: 'Boat' })],
    [
      'setGroupMemberRole',
      root => root.setGroupMemberRole({ groupID, userID: 'bob', role: 'Admin' })
    ],
    [
      'setGroupMemberMuteTime',
      root => root.setGroupMemberMuteTime({ groupID, userID: 'bob', muteTime: 60 })
    ],
    [
      'setGroupMemberNameCard',
      root => root.setGroupMemberNameCard({ groupID, userID: 'bob', nameCard: 'Bosun' })
    ],
    ['deleteGroupMember', root => root.deleteGroupMember({ groupID, userIDList: ['bob'] })],
    ['changeGroupOwner', root => root.changeGroupOwner({ groupID, newOwnerID: 'bob' })]
  ]

  test.each(calls)('resolves %s with the group', async (_name, call) => {
    const ann = await as('ann')
    await ann.createGroup({
      groupID,
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: 'bob' }]
    })
    expect(await call(await as('root'))).toMatchObject({ data: { group: { groupID } } })
  })

  test('reads the members of the group, the owner first', async () => {
    const ann = await as('ann')
    const memberList = [{ userID: 'alf' }, { userID: 'zoe', role: 'Admin' as const }]
    await ann.createGroup({ groupID, name: 'Crew', memberList })
    const root = await as('root')
    const page = async (options: object) => {
      const { data } = await root.getGroupMemberList({ groupID, ...options })
      return [data.memberList.map(({ userID, role }) => `${userID} ${role}`), data.offset]
    }
    expect([await page({}), await page({ count: 2 }), await page({ offset: 2 })]).toEqual([
      [['ann Owner', 'zoe Admin', 'alf Member'], 0],
      [['ann Owner', 'zoe Admin'], 2],
      [['alf Member'], 0]
    ])
    const userIDList = ['zoe', 'nobody', 'ann']
    const { data } = await root.getGroupMemberProfile({ groupID, userIDList })
    expect(data.memberList.map(({ userID }) => userID)).toEqual(['zoe', 'ann'])
    expect(data.memberList[0]).toMatchObject({ nick: '', joinTime: expect.any(Number) })
  })

  test('gets the whole member after an operation on it', async () => {
    const ann = await as('ann')
    await ann.createGroup({
      groupID,
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: 'bob' }]
    })
    const root = await as('root')
    const { data } = await root.setGroupMemberRole({ groupID, userID: 'bob', role: 'Admin' })
    expect(data.member).toMatchObject({ userID: 'bob', role: 'Admin' })
    expect(data.member.joinTime).toBeGreaterThan(0)
  })

  test.each(['Public', 'Private'] as const)(
    'is refused the members of a %s group as a common user',
    async type => {
      const [ann, mallory] = [await as('ann'), await as('mallory')]
      await ann.createGroup({ groupID, name: 'Crew', type })
      const userIDList = ['ann']
      expect([
        await codeOf(mallory.getGroupMemberList({ groupID })),
        await codeOf(mallory.getGroupMemberProfile({ groupID, userIDList })),
        await codeOf(mallory.getGroupMemberList({ groupID: 'nowhere' }))
      ]).toEqual([10007, 10007, 10010])
    }
  )
})

describe('an application', () => {
  test.each(['item of the list', 'message of the system conversation'])(
    'is decided after a reload with its %s',
    async way => {
      const { ann, dora } = await appliedToCrew()
      await ann.logout()
      const again = await as('ann')
      const byItem = async () => {
        const { applicationList } = (await again.getGroupApplicationList()).data
        return { application: applicationList[0]! }
      }
      const byMessage = async () => {
        const system = { conversationID: TIM.TYPES.CONV_SYSTEM }
        const { messageList } = (await again.getMessageList(system)).data
        return { message: messageList.find(({ payload }) => payload.operationType === 1)! }
      }
      const named = await (way.startsWith('item') ? byItem() : byMessage())
      await again.handleGroupApplication({ handleAction: 'Agree', ...named })
      const groups = async () => (await dora.getGroupList()).data.groupList
      await expect.poll(groups).toMatchObject([{ groupID: 'crew' }])
      expect((await again.getGroupApplicationList()).data.applicationList).toEqual([])
    }
  )

  test('has its applicant, group and remarks in the list', async () => {
    const { ann } = await appliedToCrew()
    const list = async () => (await ann.getGroupApplicationList()).data.applicationList
    await expect
      .poll(list)
      .toMatchObject([{ applicant: 'dora', groupID: 'crew', groupName: 'Crew', note: 'please' }])
  })
})

describe('an application', () => {
  test('is not listed for an admin who lost the role', async () => {
    const [ann, bob] = [await as('ann'), await as('bob')]
    const joinOption = TIM.TYPES.JOIN_OPTIONS_NEED_PERMISSION
    const memberList = [{ userID: 'bob', role: 'Admin' as const }]
    await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public', joinOption, memberList })
    await (await as('dora')).joinGroup({ groupID: 'crew' })
    const listed = async () => (await bob.getGroupApplicationList()).data.applicationList.length
    await expect.poll(listed).toBe(1)
    await ann.setGroupMemberRole({ groupID: 'crew', userID: 'bob', role: 'Member' })
    await expect.poll(listed).toBe(0)
  })
})

test('the receiver of a notice is the group', async () => {
  const { ann } = await appliedToCrew()
  const system = { conversationID: TIM.TYPES.CONV_SYSTEM }
  const last = async () => (await ann.getMessageList(system)).data.messageList.at(-1)
  await expect.poll(last).toMatchObject({ to: 'crew', payload: { groupProfile: { to: 'ann' } } })
})

describe('createGroup', () => {
  test('with a network rejects a taken ID with 10021, without event', async () => {
    const [ann, bob] = [await as('ann'), await as('bob')]
    const events: number[] = []
    bob.on(TIM.EVENT.ERROR, ({ data }) => events.push(data.code))
    await ann.createGroup({ groupID: 'crew', name: 'Crew' })
    expect(await codeOf(bob.createGroup({ groupID: 'crew', name: 'Mine' }))).toBe(10021)
    expect([events, (await bob.getGroupList()).data.groupList]).toEqual([[], []])
  })

  const types: [string, string | undefined][] = [
    ['a type of later SDKs', TIM.TYPES.GRP_COMMUNITY],
    ['an undefined type', undefined],
    ['an unknown type', 'Fleet']
  ]
  test.each(types)('with %s rejects with 2600', async (_title, type) => {
    const ann = await as('ann')
    expect(await codeOf(ann.createGroup({ name: 'Crew', type } as never))).toBe(2600)
  })

  test('with empty type and role makes a Private group of members', async () => {
    const ann = await as('ann')
    const options = { name: 'Crew', type: '', memberList: [{ userID: 'bob', role: '' }] } as never
    expect((await ann.createGroup(options)).data.group.type).toBe('Private')
  })

  test('with an empty joinOption makes a group that has the default', async () => {
    const ann = await as('ann')
    const options = { groupID: 'crew', name: 'Crew', type: 'Public', joinOption: '' } as never
    expect((await ann.createGroup(options)).data.group.joinOption).toBe('FreeAccess')
    const update = { groupID: 'crew', name: 'Boat', joinOption: '' } as never
    expect((await ann.updateGroupProfile(update)).data.group.name).toBe('Boat')
    const bob = await as('bob')
    const joining = { groupID: 'crew', type: '' } as never
    expect((await bob.joinGroup(joining)).data.status).toBe('JoinedSuccess')
  })

  test('with isSupportTopic: false makes a group', async () => {
    const ann = await as('ann')
    const options = { name: 'Crew', isSupportTopic: false } as never
    expect((await ann.createGroup(options)).data.group.name).toBe('Crew')
  })

  test('with an option about invitations rejects with 10004', async () => {
    const ann = await as('ann')
    const inviteOption = TIM.TYPES.INVITE_OPTIONS_DISABLE_INVITE
    expect(await codeOf(ann.createGroup({ name: 'Crew', inviteOption } as never))).toBe(10004)
  })
})

describe('a call about members', () => {
  const later: ['getGroupMemberList' | 'deleteGroupMember', object][] = [
    ['getGroupMemberList', { filter: 1000 }],
    ['deleteGroupMember', { userIDList: ['bob'], duration: 60 }]
  ]
  test.each(later)('%s with %o of later SDKs rejects with 10004', async (call, options) => {
    const ann = await as('ann')
    const memberList = [{ userID: 'bob' }]
    await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public', memberList })
    expect(await codeOf(ann[call]({ groupID: 'crew', ...options } as never))).toBe(10004)
    expect((await ann.getGroupMemberList({ groupID: 'crew' })).data.memberList).toHaveLength(2)
  })

  test.each([
    ['Owner', ['ann']],
    ['Admin', ['carl']],
    ['Member', ['bob']],
    ['', ['ann', 'carl', 'bob']]
  ] as const)('getGroupMemberList with the role "%s" has %j', async (role, users) => {
    const ann = await as('ann')
    const memberList = [{ userID: 'bob' }, { userID: 'carl', role: 'Admin' as const }]
    await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public', memberList })
    const list = async (tim: typeof ann) =>
      (await tim.getGroupMemberList({ groupID: 'crew', role })).data.memberList.map(
        ({ userID }) => userID
      )
    expect(await list(ann)).toEqual(users)
    expect(await list(await as('root'))).toEqual(users)
  })

  test('deleteGroupMember with a duration keeps a user out of an AVChatRoom', async () => {
    const [ann, bob] = [await as('ann'), await as('bob')]
    const groupID = 'live'
    await ann.createGroup({ groupID, name: 'Live', type: 'AVChatRoom' })
    await bob.joinGroup({ groupID, type: 'AVChatRoom' })
    const removing = { groupID, userIDList: ['bob'], duration: 600 }
    expect((await ann.deleteGroupMember(removing)).data.userIDList).toEqual(['bob'])
    expect(await codeOf(bob.joinGroup({ groupID, type: 'AVChatRoom' }))).toBe(10007)
  })

  test.each(['ann', 'bob', 'root'])('shows the members of an AVChatRoom to %s', async user => {
    const [ann, bob, root] = [await as('ann'), await as('bob'), await as('root')]
    const groupID = 'live'
    await ann.createGroup({ groupID, name: 'Live', type: 'AVChatRoom' })
    for (const tim of [ann, bob]) await tim.joinGroup({ groupID, type: 'AVChatRoom' })
    const tim = { ann, bob, root }[user]!
    const names = ({ data }: { data: { memberList: { userID: string }[] } }) =>
      data.memberList.map(({ userID }) => userID)
    expect(names(await tim.getGroupMemberList({ groupID }))).toEqual(['ann', 'bob'])
    const userIDList = ['bob', 'ann']
    expect(names(await tim.getGroupMemberProfile({ groupID, userIDList }))).toEqual(userIDList)
  })

  test('answers a mute in an AVChatRoom with the muted member', async () => {
    const [ann, bob] = [await as('ann'), await as('bob')]
    const groupID = 'live'
    await ann.createGroup({ groupID, name: 'Live', type: 'AVChatRoom' })
    await bob.joinGroup({ groupID, type: 'AVChatRoom' })
    const { member } = (await ann.setGroupMemberMuteTime({ groupID, userID: 'bob', muteTime: 600 }))
      .data
    expect(member).toMatchObject({ userID: 'bob', role: 'Member' })
    expect(Math.abs(member.muteUntil - Date.now() / 1000 - 600)).toBeLessThan(60)
  })

  test('getGroupMemberProfile leaves out users after the first 50', async () => {
    const ann = await as('ann')
    const memberList = [{ userID: 'bob' }, { userID: 'carl' }]
    await ann.createGroup({ groupID: 'crew', name: 'Crew', memberList })
    const others = Array.from({ length: 600 }, (_, index) => `user-${index}`)
    const userIDList = ['bob', ...others, 'carl']
    const answer = await ann.getGroupMemberProfile({ groupID: 'crew', userIDList })
    expect(answer.data.memberList.map(({ userID }) => userID)).toEqual(['bob'])
  })

  test.each([5, 'city', [5], {}])('with %j as memberCustomFieldFilter rejects', async filter => {
    const ann = await as('ann')
    await ann.createGroup({ groupID: 'crew', name: 'Crew' })
    const asked = { groupID: 'crew', userIDList: ['ann'], memberCustomFieldFilter: filter }
    await expect(ann.getGroupMemberProfile(asked as never)).rejects.toMatchObject({
      code: 10004,
      message: expect.stringContaining('memberCustomFieldFilter')
    })
  })
})

describe('a group', () => {
  test('without the user has an empty selfInfo and one object', async () => {
    const [ann, bob] = [await as('ann'), await as('bob')]
    await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public' })
    const { group } = (await bob.searchGroupByID('crew')).data
    expect(group.selfInfo).toMatchObject({ userID: '', role: '' })
    expect((await bob.getGroupProfile({ groupID: 'crew' })).data.group).toBe(group)
  })

  test('that the user joins stays the object of the search', async () => {
    const [ann, bob] = [await as('ann'), await as('bob')]
    await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public' })
    const { group } = (await bob.searchGroupByID('crew')).data
    await bob.joinGroup({ groupID: 'crew' })
    expect((await bob.getGroupList()).data.groupList[0]).toBe(group)
    expect(group.selfInfo).toMatchObject({ userID: 'bob', role: 'Member' })
    await bob.quitGroup('crew')
    expect((await bob.searchGroupByID('crew')).data.group).toBe(group)
    expect(group.selfInfo.userID).toBe('')
  })

  test('the creator of a live video group has the role before joining', async () => {
    const ann = await as('ann')
    const { group } = (await ann.createGroup({ name: 'Live', type: 'AVChatRoom' })).data
    expect(group.selfInfo).toMatchObject({ userID: 'ann', role: 'Owner' })
  })

  test("shows the user's own custom fields in selfInfo", async () => {
    const ann = await as('ann')
    const { group } = (await ann.createGroup({ name: 'Crew' })).data
    const memberCustomField = [{ key: 'city', value: 'Oslo' }]
    await ann.setGroupMemberCustomField({ groupID: group.groupID, memberCustomField })
    expect(group.selfInfo.memberCustomField).toEqual(memberCustomField)
  })
})

describe('a member list', () => {
  test('begins with the owner, and has the offset of the next page', async () => {
    const ann = await as('ann')
    const memberList = ['bob', 'carl'].map(userID => ({ userID }))
    await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public', memberList })
    await ann.changeGroupOwner({ groupID: 'crew', newOwnerID: 'carl' })
    const page = async (offset: number) => {
      const { data } = await ann.getGroupMemberList({ groupID: 'crew', count: 2, offset })
      return [data.memberList.map(({ userID }) => userID), data.offset]
    }
    expect([await page(0), await page(2)]).toEqual([
      [['carl', 'ann'], 2],
      [['bob'], 0]
    ])
  })

  test('member profiles have only the custom fields of the filter', async () => {
    const ann = await as('ann')
    const { groupID } = (await ann.createGroup({ name: 'Crew' })).data.group
    const memberCustomField = ['city', 'team'].map(key => ({ key, value: 'x' }))
    await ann.setGroupMemberCustomField({ groupID, memberCustomField })
    const asked = { groupID, userIDList: ['ann'], memberCustomFieldFilter: ['city'] }
    const [member] = (await ann.getGroupMemberProfile(asked)).data.memberList
    expect(member?.memberCustomField).toEqual([{ key: 'city', value: 'x' }])
  })
})

test('users in too many groups are in overLimitUserIDList', async () => {
  const { url } = await openServer({ appAdmins: ['root'], policy: { groupsPerUserMax: 2 } })
  const [ann, bob, root] = [
    await logIn(url, 'ann'),
    await logIn(url, 'bob'),
    await logIn(url, 'root')
  ]
  for (const groupID of ['one', 'two']) await bob.createGroup({ groupID, name: groupID })
  await ann.createGroup({ groupID: 'crew', name: 'Crew' })
  const codes: number[] = []
  for (const tim of [ann, root]) tim.on(TIM.EVENT.ERROR, ({ data }) => codes.push(data.code))
  // The device of an app admin does not hold the group.
  const userIDList = ['bob', 'carl', 'ann']
  expect((await root.addGroupMember({ groupID: 'crew', userIDList })).data).toMatchObject({
    successUserIDList: ['carl'],
    failureUserIDList: ['bob'],
    existedUserIDList: ['ann'],
    overLimitUserIDList: ['bob']
  })
  const adding = { groupID: 'crew', userIDList: ['bob', 'dora'] }
  expect((await ann.addGroupMember(adding)).data).toMatchObject({
    successUserIDList: ['dora'],
    failureUserIDList: ['bob'],
    overLimitUserIDList: ['bob'],
    group: { memberNum: 3 }
  })
  expect(codes).toEqual([])
})

test('createGroup names the users in too many groups, without event', async () => {
  const { url } = await openServer({ policy: { groupsPerUserMax: 2 } })
  const [ann, bob] = [await logIn(url, 'ann'), await logIn(url, 'bob')]
  const codes: number[] = []
  ann.on(TIM.EVENT.ERROR, ({ data }) => codes.push(data.code))
  for (const groupID of ['one', 'two']) await bob.createGroup({ groupID, name: groupID })
  const memberList = ['bob', 'carl'].map(userID => ({ userID }))
  const created = await ann.createGroup({ groupID: 'crew', name: 'Crew', memberList })
  expect(created.data).toMatchObject({ group: { memberNum: 2 }, overLimitUserIDList: ['bob'] })
  const other = await ann.createGroup({ groupID: 'den', name: 'Den' })
  expect(other.data.overLimitUserIDList).toEqual([])
  expect(codes).toEqual([])
})
