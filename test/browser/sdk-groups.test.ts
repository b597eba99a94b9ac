/** The SDK's code samples about groups. */

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
  ownGroup,
  nowhere
} from './sdk-sample.ts'
import { elsewhere } from './session.ts'

beforeEach(startSample)

describe('getGroupList', () => {
  test('the list has type, name, avatar and time of the last message', async () => {
    await ownGroup()
    await handled(tim.getGroupList())
    expect(imResponse?.data.groupList).toMatchObject([
      { groupID: group1, type: 'Public', name: 'WebSDK', avatar: '', lastMessage: { lastTime: 0 } }
    ])
  })

  test('the filter adds a field to the list', async () => {
    await ownGroup()
    await handled(tim.getGroupList({ groupProfileFilter: [TIM.TYPES.GRP_PROFILE_OWNER_ID] }))
    expect(imResponse?.data.groupList[0].ownerID).toBe(me)
  })

  test('a list before login is refused', async () => {
    await tim.logout()
    await handled(tim.getGroupList())
    expect(imError).toMatchObject({ code: 2999, message: expect.any(String) })
  })
})

describe('getGroupProfile', () => {
  test('the profile has the requested custom fields', async () => {
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

  test('the profile of an unknown group is refused', async () => {
    await handled(
      tim.getGroupProfile({ groupID: nowhere(), groupCustomFieldFilter: ['key1', 'key2'] })
    )
    expect(imError).toMatchObject({ code: 10010 })
  })
})

describe('createGroup', () => {
  test('a new Private group has its initial members', async () => {
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

  test('a new group is Private by default', async () => {
    await handled(tim.createGroup({ name: 'WebSDK' }))
    expect(imResponse?.data.group.type).toBe(TIM.TYPES.GRP_PRIVATE)
  })

  test('a group without a name is refused', async () => {
    await handled(tim.createGroup({ type: TIM.TYPES.GRP_PRIVATE, name: '' }))
    expect(imError).toMatchObject({ code: 10004 })
  })

  test('the creator of an AVChatRoom joins it separately', async () => {
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

describe('dismissGroup', () => {
  test('the answer has the ID of the dismissed group', async () => {
    await ownGroup()
    await handled(tim.dismissGroup(group1))
    expect(imResponse?.data.groupID).toBe(group1)
    expect((await tim.getGroupList()).data.groupList).toEqual([])
  })

  test('the owner of a Private group cannot dismiss it', async () => {
    await ownGroup('Private')
    await handled(tim.dismissGroup(group1))
    expect(imError).toMatchObject({ code: 2622 })
  })
})

describe('updateGroupProfile', () => {
  test('the answer has the changed profile', async () => {
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

  test('a common member of a Public group cannot change its profile', async () => {
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

describe('searchGroupByID', () => {
  test('the answer has the profile of a group of others', async () => {
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

  test("the user's own Private group cannot be found", async () => {
    await ownGroup('Private')
    await handled(tim.searchGroupByID(group1))
    expect(imError).toMatchObject({ code: 10007 })
  })

  test('an unknown group cannot be found', async () => {
    await handled(tim.searchGroupByID(nowhere()))
    expect(imError).toMatchObject({ code: 10010 })
  })
})

describe('changeGroupOwner', () => {
  test('the answer has the new owner', async () => {
    await ownGroup()
    await handled(tim.changeGroupOwner({ groupID: group1, newOwnerID: user1 }))
    expect(imResponse?.data.group).toMatchObject({
      groupID: group1,
      ownerID: user1,
      selfInfo: { role: 'Member' }
    })
  })

  test('the owner cannot transfer a group to themselves', async () => {
    await ownGroup()
    await handled(tim.changeGroupOwner({ groupID: group1, newOwnerID: me }))
    expect(imError).toMatchObject({ code: 2621 })
  })
})

describe('setMessageRemindType', () => {
  test('the answer has the new type', async () => {
    await ownGroup()
    await handled(
      tim.setMessageRemindType({ groupID: group1, messageRemindType: TIM.TYPES.MSG_REMIND_DISCARD })
    )
    expect(imResponse?.data.group.selfInfo.messageRemindType).toBe('Discard')
  })

  test('an unknown type is refused', async () => {
    await ownGroup()
    await handled(
      tim.setMessageRemindType({ groupID: group1, messageRemindType: 'Shout' as never })
    )
    expect(imError).toMatchObject({ code: 10004 })
  })
})
