/** The SDK's code samples about members. */

import { beforeEach, describe, expect, test } from 'vitest'
import TIM from 'offline-groups/tim'
import {
  tim,
  me,
  group1,
  user1,
  imResponse,
  imError,
  startSample,
  handled,
  ownGroup
} from './sdk-sample.ts'
import { elsewhere } from './session.ts'

beforeEach(startSample)

describe('getGroupMemberList', () => {
  test('the list has the requested members, the owner first', async () => {
    await ownGroup()
    await handled(tim.getGroupMemberList({ groupID: group1, count: 30, offset: 0 }))
    expect(imResponse?.data.memberList).toMatchObject([
      { userID: me, role: 'Owner', nameCard: '', muteUntil: 0 },
      { userID: user1, role: 'Member' }
    ])
  })
})

describe('addGroupMember', () => {
  test('the answer lists added, failed and existing members', async () => {
    await ownGroup('Private')
    await handled(tim.addGroupMember({ groupID: group1, userIDList: [user1, 'user2', 'user3'] }))
    expect(imResponse?.data).toMatchObject({
      successUserIDList: ['user2', 'user3'],
      failureUserIDList: [],
      existedUserIDList: [user1],
      group: { groupID: group1, memberNum: 4 }
    })
  })

  test('the owner of a Public group cannot add members', async () => {
    await ownGroup()
    await handled(tim.addGroupMember({ groupID: group1, userIDList: ['user2'] }))
    expect(imError).toMatchObject({ code: 10007 })
  })
})

describe('deleteGroupMember', () => {
  test('the answer has the group and the removed members', async () => {
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

  test('an admin cannot remove the owner', async () => {
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

describe('setGroupMemberRole', () => {
  test('the answer has the group and the new admin', async () => {
    await ownGroup()
    await handled(
      tim.setGroupMemberRole({ groupID: group1, userID: user1, role: TIM.TYPES.GRP_MBR_ROLE_ADMIN })
    )
    expect(imResponse?.data).toMatchObject({
      group: { groupID: group1 },
      member: { userID: user1, role: 'Admin' }
    })
  })

  test('a Private group has no admins', async () => {
    await ownGroup('Private')
    await handled(
      tim.setGroupMemberRole({ groupID: group1, userID: user1, role: TIM.TYPES.GRP_MBR_ROLE_ADMIN })
    )
    expect(imError).toMatchObject({ code: 2682 })
  })
})

describe('getGroupMemberProfile', () => {
  test('the answer lists members only, in the requested order', async () => {
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

describe('setGroupMemberMuteTime', () => {
  test('the answer has the group and the muted member', async () => {
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

  test('a Private group has no mutes', async () => {
    await ownGroup('Private')
    await handled(tim.setGroupMemberMuteTime({ groupID: group1, userID: user1, muteTime: 600 }))
    expect(imError).toMatchObject({ code: 10007 })
  })
})

describe('setGroupMemberNameCard', () => {
  test('the answer has the group and the new name card', async () => {
    await ownGroup()
    await handled(
      tim.setGroupMemberNameCard({ groupID: group1, userID: user1, nameCard: 'Name card' })
    )
    expect(imResponse?.data).toMatchObject({
      group: { groupID: group1 },
      member: { userID: user1, nameCard: 'Name card' }
    })
  })

  test("a name card without a user ID is the caller's own", async () => {
    await ownGroup()
    await handled(tim.setGroupMemberNameCard({ groupID: group1, nameCard: 'Skipper' }))
    expect(imResponse?.data).toMatchObject({
      group: { selfInfo: { nameCard: 'Skipper' } },
      member: { userID: me, nameCard: 'Skipper' }
    })
  })

  test('a name card over 50 bytes is refused', async () => {
    await ownGroup()
    await handled(
      tim.setGroupMemberNameCard({ groupID: group1, userID: user1, nameCard: 'x'.repeat(51) })
    )
    expect(imError).toMatchObject({ code: 10004 })
  })
})

describe('setGroupMemberCustomField', () => {
  test('the answer has the group and the new custom field', async () => {
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

  test("a common member cannot change another member's custom fields", async () => {
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
