/**
 * The code samples of the seed page, made anew: the same calls with the same argument shapes, reading the same fields of
 * results and errors.
 */

import { beforeEach, describe, expect, test } from 'vitest'
import TIM, {
  type GroupSystemNoticePayload,
  type IMError,
  type Tim,
  type TimHandler,
  type TimMessage
} from 'offline-groups/tim'
import { fresh } from './connect.ts'
import { elsewhere, login } from './session.ts'

let tim: Tim
let me: string
let group1: string
let user1: string

/** What a sample's callbacks have been given. */
let imResponse: { code: number; data: any } | undefined
let imError: IMError | undefined

beforeEach(async () => {
  ;({ tim, userID: me } = await login())
  group1 = fresh('group1')
  user1 = fresh('user1')
  imResponse = imError = undefined
})

/** Handles a promise as every sample does. */
async function handled(promise: Promise<any>): Promise<void> {
  await promise
    .then(response => {
      imResponse = response
    })
    .catch((error: unknown) => {
      imError = error as IMError
    })
}
const ownGroup = (type: 'Private' | 'Public' = 'Public') =>
  tim.createGroup({ type, groupID: group1, name: 'WebSDK', memberList: [{ userID: user1 }] })
const nowhere = () => fresh('nowhere')

describe('Obtaining your group list', () => {
  test('lists type, name, photo and the time of the last message', async () => {
    await ownGroup()
    await handled(tim.getGroupList())
    expect(imResponse?.data.groupList).toMatchObject([
      { groupID: group1, type: 'Public', name: 'WebSDK', avatar: '', lastMessage: { lastTime: 0 } }
    ])
  })

  test('lists what the filter asks for', async () => {
    await ownGroup()
    await handled(tim.getGroupList({ groupProfileFilter: [TIM.TYPES.GRP_PROFILE_OWNER_ID] }))
    expect(imResponse?.data.groupList[0].ownerID).toBe(me)
  })

  test('without being logged in, is refused', async () => {
    await tim.logout()
    await handled(tim.getGroupList())
    expect(imError).toMatchObject({ code: 2999, message: expect.any(String) })
  })
})

describe('Obtaining the detailed group profile', () => {
  test('gives the profile with the custom fields asked for', async () => {
    await ownGroup()
    await tim.updateGroupProfile({
      groupID: group1,
      groupCustomField: [
        { key: 'key1', value: 'a' },
        { key: 'key2', value: 'b' }
      ]
    })
    await handled(
      tim.getGroupProfile({ groupID: group1, groupCustomFieldFilter: ['key1', 'key2'] })
    )
    expect(imResponse?.data.group).toMatchObject({
      groupID: group1,
      memberNum: 2,
      joinOption: 'FreeAccess',
      groupCustomField: [
        { key: 'key1', value: 'a' },
        { key: 'key2', value: 'b' }
      ]
    })
  })

  test('of a group that does not exist, is refused', async () => {
    await handled(
      tim.getGroupProfile({ groupID: nowhere(), groupCustomFieldFilter: ['key1', 'key2'] })
    )
    expect(imError).toMatchObject({ code: 10010 })
  })
})

describe('Creating a group', () => {
  test('creates a private group with its members', async () => {
    await handled(
      tim.createGroup({
        type: TIM.TYPES.GRP_PRIVATE,
        name: 'WebSDK',
        memberList: [{ userID: 'user1' }, { userID: 'user2' }]
      })
    )
    expect(imResponse?.data.group).toMatchObject({
      type: 'Private',
      name: 'WebSDK',
      ownerID: me,
      memberNum: 3,
      selfInfo: { role: 'Owner' }
    })
  })

  test('is private unless said otherwise', async () => {
    await handled(tim.createGroup({ name: 'WebSDK' }))
    expect(imResponse?.data.group.type).toBe(TIM.TYPES.GRP_PRIVATE)
  })

  test('without a name, is refused', async () => {
    await handled(tim.createGroup({ type: TIM.TYPES.GRP_PRIVATE, name: '' }))
    expect(imError).toMatchObject({ code: 10004 })
  })

  test('an audio-video chat room has to be joined after its creation', async () => {
    await handled(
      tim.createGroup({ type: TIM.TYPES.GRP_AVCHATROOM, groupID: group1, name: 'Live' })
    )
    expect(imResponse?.data.group).toMatchObject({ type: 'AVChatRoom', memberNum: 0 })
    await handled(tim.joinGroup({ groupID: group1, type: TIM.TYPES.GRP_AVCHATROOM }))
    expect(imResponse?.data).toMatchObject({
      status: TIM.TYPES.JOIN_STATUS_SUCCESS,
      group: { groupID: group1, memberNum: 1 }
    })
  })
})

describe('Deleting a group', () => {
  test('tells the ID of the deleted group', async () => {
    await ownGroup()
    await handled(tim.dismissGroup(group1))
    expect(imResponse?.data.groupID).toBe(group1)
    expect((await tim.getGroupList()).data.groupList).toEqual([])
  })

  test('a private group cannot be deleted by its owner', async () => {
    await ownGroup('Private')
    await handled(tim.dismissGroup(group1))
    expect(imError).toMatchObject({ code: 2622 })
  })
})

describe('Updating a group profile', () => {
  test('gives the profile after modification', async () => {
    await ownGroup()
    await handled(
      tim.updateGroupProfile({
        groupID: group1,
        name: 'new name',
        introduction: 'this is introduction.',
        groupCustomField: [{ key: 'group_level', value: 'high' }]
      })
    )
    expect(imResponse?.data.group).toMatchObject({
      name: 'new name',
      introduction: 'this is introduction.',
      groupCustomField: [{ key: 'group_level', value: 'high' }]
    })
  })

  test('by a common member of a public group, is refused', async () => {
    const asOther = await elsewhere(user1)
    await asOther('createGroup', {
      groupID: group1,
      name: 'His',
      type: 'Public',
      memberList: [{ userID: me }]
    })
    await expect.poll(async () => (await tim.getGroupList()).data.groupList.length).toBe(1)
    await handled(tim.updateGroupProfile({ groupID: group1, name: 'new name' }))
    expect(imError).toMatchObject({ code: 10007 })
  })
})

describe('Applying to join a group', () => {
  test.each([
    ['FreeAccess', TIM.TYPES.JOIN_STATUS_SUCCESS],
    ['NeedPermission', TIM.TYPES.JOIN_STATUS_WAIT_APPROVAL]
  ] as const)('a group with %s answers %s', async (joinOption, status) => {
    const asOther = await elsewhere(user1)
    await asOther('createGroup', { groupID: group1, name: 'His', type: 'Public', joinOption })
    await handled(
      tim.joinGroup({ groupID: group1, applyMessage: 'please', type: TIM.TYPES.GRP_PUBLIC })
    )
    let seen: string | undefined
    switch (imResponse?.data.status) {
      case TIM.TYPES.JOIN_STATUS_WAIT_APPROVAL:
        seen = TIM.TYPES.JOIN_STATUS_WAIT_APPROVAL
        break
      case TIM.TYPES.JOIN_STATUS_SUCCESS:
        seen =
          imResponse.data.group.groupID === group1 ? TIM.TYPES.JOIN_STATUS_SUCCESS : 'another group'
        break
    }
    expect(seen).toBe(status)
  })

  test('an audio-video chat room, with its type', async () => {
    const asOther = await elsewhere(user1)
    await asOther('createGroup', { groupID: group1, name: 'Live', type: 'AVChatRoom' })
    await handled(tim.joinGroup({ groupID: group1, type: TIM.TYPES.GRP_AVCHATROOM }))
    expect(imResponse?.data).toMatchObject({
      status: 'JoinedSuccess',
      group: { groupID: group1, type: 'AVChatRoom' }
    })
  })

  test('a private group cannot be joined by applying', async () => {
    await handled(tim.joinGroup({ groupID: group1, type: TIM.TYPES.GRP_PRIVATE }))
    expect(imError).toMatchObject({ code: 2601 })
  })
})

describe('Quitting a group', () => {
  test('tells the ID of the group; a private group may be left without an owner', async () => {
    await ownGroup('Private')
    await handled(tim.quitGroup(group1))
    expect(imResponse?.data.groupID).toBe(group1)
  })

  test('the owner of a public group cannot quit', async () => {
    await ownGroup()
    await handled(tim.quitGroup(group1))
    expect(imError).toMatchObject({ code: 10009 })
  })
})

describe('Obtaining group members', () => {
  test('gives 15 members from the first on, or as asked', async () => {
    await ownGroup()
    await handled(tim.getGroupMemberList({ groupID: group1, count: 30, offset: 0 }))
    expect(imResponse?.data.memberList).toMatchObject([
      { userID: me, role: 'Owner', nameCard: '', muteUntil: 0 },
      { userID: user1, role: 'Member' }
    ])
  })
})

describe('Adding a group member', () => {
  test('lists who was added, who could not be, and who was in already', async () => {
    await ownGroup('Private')
    await handled(tim.addGroupMember({ groupID: group1, userIDList: [user1, 'user2', 'user3'] }))
    expect(imResponse?.data).toMatchObject({
      successUserIDList: ['user2', 'user3'],
      failureUserIDList: [],
      existedUserIDList: [user1],
      group: { groupID: group1, memberNum: 4 }
    })
  })

  test('to a public group, only an app admin may', async () => {
    await ownGroup()
    await handled(tim.addGroupMember({ groupID: group1, userIDList: ['user2'] }))
    expect(imError).toMatchObject({ code: 10007 })
  })
})

describe('Deleting a group member', () => {
  test('gives the profile afterwards and who was deleted', async () => {
    await ownGroup()
    await handled(
      tim.deleteGroupMember({
        groupID: group1,
        userIDList: [user1],
        reason: 'You are deleted because you broke the rules.'
      })
    )
    expect(imResponse?.data).toMatchObject({
      group: { groupID: group1, memberNum: 1 },
      userIDList: [user1]
    })
  })

  test('by somebody who is not the owner, is refused', async () => {
    const asOther = await elsewhere(user1)
    await asOther('createGroup', {
      groupID: group1,
      name: 'His',
      type: 'Public',
      memberList: [{ userID: me, role: 'Admin' }]
    })
    await expect.poll(async () => (await tim.getGroupList()).data.groupList.length).toBe(1)
    await handled(tim.deleteGroupMember({ groupID: group1, userIDList: [user1], reason: '' }))
    expect(imError).toMatchObject({ code: 10007 })
  })
})

describe('Setting or canceling the admin', () => {
  test('gives the profile and the member afterwards', async () => {
    await ownGroup()
    await handled(
      tim.setGroupMemberRole({ groupID: group1, userID: user1, role: TIM.TYPES.GRP_MBR_ROLE_ADMIN })
    )
    expect(imResponse?.data).toMatchObject({
      group: { groupID: group1 },
      member: { userID: user1, role: 'Admin' }
    })
  })

  test('in a private group there are no admins', async () => {
    await ownGroup('Private')
    await handled(
      tim.setGroupMemberRole({ groupID: group1, userID: user1, role: TIM.TYPES.GRP_MBR_ROLE_ADMIN })
    )
    expect(imError).toMatchObject({ code: 2682 })
  })
})

/** Somebody who has applied to join the user's own group; resolves with the message of the notice. */
async function application(): Promise<{
  message: TimMessage<GroupSystemNoticePayload>
  applicant: string
}> {
  await tim.createGroup({
    groupID: group1,
    name: 'WebSDK',
    type: 'Public',
    joinOption: 'NeedPermission'
  })
  const received = new Promise<TimMessage<GroupSystemNoticePayload>>(resolve => {
    const onGroupSystemNoticeReceived: TimHandler<'receiveGroupSystemNotice'> = event => {
      const { type, message } = event.data
      if (type === 1) resolve(message)
    }
    tim.on(TIM.EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, onGroupSystemNoticeReceived)
  })
  const applicant = fresh('applicant')
  const asApplicant = await elsewhere(applicant)
  await expect
    .poll(async () =>
      (await asApplicant('joinGroup', { groupID: group1, applyMessage: 'please' })).valueOf()
    )
    .toMatchObject({ kind: 'applied' })
  return { message: await received, applicant }
}

describe('Searching for a group by group ID', () => {
  test('gives the profile of the group', async () => {
    const asOther = await elsewhere(user1)
    await asOther('createGroup', {
      groupID: group1,
      name: 'His',
      type: 'Public',
      introduction: 'about'
    })
    await handled(tim.searchGroupByID(group1))
    expect(imResponse?.data.group).toMatchObject({
      groupID: group1,
      name: 'His',
      introduction: 'about',
      memberNum: 1,
      selfInfo: { role: '' }
    })
    expect((await tim.getGroupList()).data.groupList).toEqual([])
  })

  test("private groups cannot be searched for, one's own no more than others", async () => {
    await ownGroup('Private')
    await handled(tim.searchGroupByID(group1))
    expect(imError).toMatchObject({ code: 10007 })
  })

  test('finds nothing where there is nothing', async () => {
    await handled(tim.searchGroupByID(nowhere()))
    expect(imError).toMatchObject({ code: 10010 })
  })
})

describe('Transferring a group', () => {
  test('gives the profile of the group', async () => {
    await ownGroup()
    await handled(tim.changeGroupOwner({ groupID: group1, newOwnerID: user1 }))
    expect(imResponse?.data.group).toMatchObject({
      groupID: group1,
      ownerID: user1,
      selfInfo: { role: 'Member' }
    })
  })

  test('to oneself, is refused', async () => {
    await ownGroup()
    await handled(tim.changeGroupOwner({ groupID: group1, newOwnerID: me }))
    expect(imError).toMatchObject({ code: 2621 })
  })
})

describe('Processing an application to join a group', () => {
  test('with the message of the notice, lets the applicant in', async () => {
    const { message, applicant } = await application()
    expect(message.payload).toMatchObject({
      operatorID: applicant,
      operationType: 1,
      handleMessage: 'please',
      groupProfile: { groupID: group1 }
    })
    await handled(
      tim.handleGroupApplication({ handleAction: 'Agree', handleMessage: 'Welcome', message })
    )
    expect(imResponse?.data.group).toMatchObject({ groupID: group1, memberNum: 2 })
  })

  test('a second time, is refused', async () => {
    const { message } = await application()
    await tim.handleGroupApplication({ handleAction: 'Reject', message })
    await handled(
      tim.handleGroupApplication({ handleAction: 'Agree', handleMessage: 'Welcome', message })
    )
    expect(imError).toMatchObject({ code: 10024 })
  })

  test('a message that is none is refused', async () => {
    await handled(tim.handleGroupApplication({ handleAction: 'Agree' } as never))
    expect(imError).toMatchObject({ code: 10004 })
  })
})

describe('Setting the notification type for group messages', () => {
  test('gives the profile after modification', async () => {
    await ownGroup()
    await handled(
      tim.setMessageRemindType({ groupID: group1, messageRemindType: TIM.TYPES.MSG_REMIND_DISCARD })
    )
    expect(imResponse?.data.group.selfInfo.messageRemindType).toBe('Discard')
  })

  test('of a kind that does not exist, is refused', async () => {
    await ownGroup()
    await handled(
      tim.setMessageRemindType({ groupID: group1, messageRemindType: 'Shout' as never })
    )
    expect(imError).toMatchObject({ code: 10004 })
  })
})

describe('Obtaining the profiles of group members', () => {
  test('gives those who are in the group, in the order asked', async () => {
    await ownGroup()
    await tim.setGroupMemberCustomField({
      groupID: group1,
      userID: user1,
      memberCustomField: [{ key: 'city', value: 'Oslo' }]
    })
    await handled(
      tim.getGroupMemberProfile({
        groupID: group1,
        userIDList: [user1, 'ghost', me],
        memberCustomFieldFilter: ['city']
      })
    )
    expect(imResponse?.data.memberList).toMatchObject([
      { userID: user1, memberCustomField: [{ key: 'city', value: 'Oslo' }] },
      { userID: me, role: 'Owner' }
    ])
  })
})

describe('Muting or unmuting a group member', () => {
  test('gives the profile and the member afterwards', async () => {
    await ownGroup()
    await handled(tim.setGroupMemberMuteTime({ groupID: group1, userID: user1, muteTime: 600 }))
    expect(imResponse?.data).toMatchObject({
      group: { groupID: group1 },
      member: { userID: user1 }
    })
    expect(imResponse?.data.member.muteUntil * 1000).toBeGreaterThan(Date.now())
    await handled(tim.setGroupMemberMuteTime({ groupID: group1, userID: user1, muteTime: 0 }))
    expect(imResponse?.data.member.muteUntil).toBe(0)
  })

  test('is not to be had in private groups', async () => {
    await ownGroup('Private')
    await handled(tim.setGroupMemberMuteTime({ groupID: group1, userID: user1, muteTime: 600 }))
    expect(imError).toMatchObject({ code: 10007 })
  })
})

describe("Modifying a group member's name card", () => {
  test('gives the profile and the member afterwards', async () => {
    await ownGroup()
    await handled(
      tim.setGroupMemberNameCard({ groupID: group1, userID: user1, nameCard: 'Name card' })
    )
    expect(imResponse?.data).toMatchObject({
      group: { groupID: group1 },
      member: { userID: user1, nameCard: 'Name card' }
    })
  })

  test("is one's own unless said otherwise", async () => {
    await ownGroup()
    await handled(tim.setGroupMemberNameCard({ groupID: group1, nameCard: 'Skipper' }))
    expect(imResponse?.data).toMatchObject({
      group: { selfInfo: { nameCard: 'Skipper' } },
      member: { userID: me, nameCard: 'Skipper' }
    })
  })

  test('over 50 bytes, is refused', async () => {
    await ownGroup()
    await handled(
      tim.setGroupMemberNameCard({ groupID: group1, userID: user1, nameCard: 'x'.repeat(51) })
    )
    expect(imError).toMatchObject({ code: 10004 })
  })
})

describe('Modifying a group member custom field', () => {
  test('gives the profile and the member afterwards', async () => {
    await ownGroup()
    await handled(
      tim.setGroupMemberCustomField({
        groupID: group1,
        memberCustomField: [{ key: 'group_member_test', value: 'test' }]
      })
    )
    expect(imResponse?.data).toMatchObject({
      group: { groupID: group1 },
      member: { userID: me, memberCustomField: [{ key: 'group_member_test', value: 'test' }] }
    })
  })

  test('of others, common members may not', async () => {
    const asOther = await elsewhere(user1)
    await asOther('createGroup', {
      groupID: group1,
      name: 'His',
      type: 'Public',
      memberList: [{ userID: me }]
    })
    await expect.poll(async () => (await tim.getGroupList()).data.groupList.length).toBe(1)
    await handled(
      tim.setGroupMemberCustomField({
        groupID: group1,
        userID: user1,
        memberCustomField: [{ key: 'k', value: 'v' }]
      })
    )
    expect(imError).toMatchObject({ code: 10007 })
  })
})

describe('Group System Notification', () => {
  test('tells type and message, and the message its content', async () => {
    const { message, applicant } = await application()
    expect(message).toMatchObject({
      conversationID: '@TIM#SYSTEM',
      isSystemMessage: true,
      type: 'TIMGroupSystemNoticeElem',
      to: me
    })
    expect(message.payload).toMatchObject({
      operatorID: applicant,
      operationType: 1,
      handleMessage: 'please'
    })
  })
})
