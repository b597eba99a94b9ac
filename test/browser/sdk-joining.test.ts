/** The SDK's code samples about joining and leaving groups. */

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
  application
} from './sdk-sample.ts'
import { elsewhere } from './session.ts'

beforeEach(startSample)

describe('joinGroup', () => {
  test.each([
    ['FreeAccess', TIM.TYPES.JOIN_STATUS_SUCCESS],
    ['NeedPermission', TIM.TYPES.JOIN_STATUS_WAIT_APPROVAL]
  ] as const)('joining a group with %s answers %s', async (joinOption, status) => {
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

  test('an AVChatRoom is joined with its type', async () => {
    const asOther = await elsewhere(user1)
    await asOther('createGroup', { groupID: group1, name: 'Live', type: 'AVChatRoom' })
    await handled(tim.joinGroup({ groupID: group1, type: TIM.TYPES.GRP_AVCHATROOM }))
    expect(imResponse?.data).toMatchObject({
      status: 'JoinedSuccess',
      group: { groupID: group1, type: 'AVChatRoom' }
    })
  })

  test('a Private group cannot be joined', async () => {
    await handled(tim.joinGroup({ groupID: group1, type: TIM.TYPES.GRP_PRIVATE }))
    expect(imError).toMatchObject({ code: 2601 })
  })
})

describe('quitGroup', () => {
  test('the answer has the ID of the group', async () => {
    await ownGroup('Private')
    await handled(tim.quitGroup(group1))
    expect(imResponse?.data.groupID).toBe(group1)
  })

  test('the owner of a Public group cannot quit', async () => {
    await ownGroup()
    await handled(tim.quitGroup(group1))
    expect(imError).toMatchObject({ code: 10009 })
  })
})

describe('handleGroupApplication', () => {
  test('agreeing with the message of the notice admits the applicant', async () => {
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

  test('a second decision is refused', async () => {
    const { message } = await application()
    await tim.handleGroupApplication({ handleAction: 'Reject', message })
    await handled(
      tim.handleGroupApplication({ handleAction: 'Agree', handleMessage: 'Welcome', message })
    )
    expect(imError).toMatchObject({ code: 10024 })
  })

  test('a decision without a message is refused', async () => {
    await handled(tim.handleGroupApplication({ handleAction: 'Agree' } as never))
    expect(imError).toMatchObject({ code: 10004 })
  })
})

describe('GROUP_SYSTEM_NOTICE_RECEIVED', () => {
  test('the notice of an application has its applicant and message', async () => {
    const { message, applicant } = await application()
    expect(message).toMatchObject({
      conversationID: '@TIM#SYSTEM',
      isSystemMessage: true,
      type: 'TIMGroupSystemNoticeElem',
      to: message.payload.groupProfile.groupID
    })
    expect(message.payload).toMatchObject({
      operatorID: applicant,
      operationType: 1,
      handleMessage: 'please',
      groupProfile: { to: me }
    })
  })
})
