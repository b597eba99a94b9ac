/**
 * Tencent's own SDK as the delegate, logged in, and a kit on top. Its service has a conversation
 * and no groups.
 */

import { beforeAll, expect, test } from 'vitest'
import TIM, { type Tim } from 'offline-groups/tim'
import { fresh, tokenFor } from '../browser/connect.ts'
import { createDelegated } from './delegated.ts'
import { loadKit, refusedCalls } from './kit.ts'

const SDKAppID = 1_400_000_005
const userID = fresh('ann')
const done = { ActionStatus: 'OK', ErrorCode: 0, ErrorInfo: '' }

/** By command, the rest of an answer of Tencent's service. */
const answers: Readonly<Record<string, object>> = {
  wslogin: { A2Key: 'key', TinyId: '1', InstId: 1, HelloInterval: 120, ExpireTime: 99_999_999 },
  black_list_get: { StartIndex: 0, BlackListItem: [], CurruentSequence: 1 },
  get_joined_group_list: { TotalCount: 0, GroupIdList: [] },
  getmsg: { SyncFlag: 2, MsgList: [] },
  page_get: {
    CompleteFlag: 1,
    SessionItem: [{ Type: 1, To_Account: 'bob', MsgTimeStamp: 1_600_000_000 }]
  },
  sendmsg: { MsgTime: 1_600_000_001, MsgKey: '1_2_3' }
}

const commands: string[] = []
const steps: string[] = []
const errors: number[] = []
let tim: Tim
let kit: any

beforeAll(async () => {
  tim = await createDelegated(SDKAppID, command => {
    const name = command.split('.')[1] ?? ''
    commands.push(name)
    return { ...done, ...answers[name] }
  })
  tim.on(TIM.EVENT.ERROR, ({ data }) => errors.push(data.code))
  const ready = new Promise<void>(resolve =>
    tim.on(TIM.EVENT.SDK_READY, () => {
      steps.push('ready')
      resolve()
    })
  )
  kit = await loadKit('engine')
  const userSig = await tokenFor(userID)
  await kit.TUIChatEngine.login({ SDKAppID, userID, userSig })
  await ready
})

test('one SDK_READY follows the logins of both', () => {
  expect(steps).toEqual(['ready'])
  expect(commands).toContain('wslogin')
  expect(errors).toEqual([])
})

test('conversations come from the SDK and reach the store of the kit', async () => {
  const { conversationList } = ((await tim.getConversationList()) as any).data
  expect(conversationList).toMatchObject([{ conversationID: 'C2Cbob', type: TIM.TYPES.CONV_C2C }])
  const { TUIStore, StoreName } = kit
  const stored = () =>
    TUIStore.getData(StoreName.CONV, 'conversationList').map((each: any) => each.conversationID)
  await expect.poll(stored).toEqual(['C2Cbob'])
})

test('a message goes to the service of the SDK', async () => {
  const options = { to: 'bob', conversationType: TIM.TYPES.CONV_C2C, payload: { text: 'hello' } }
  const message = tim.createTextMessage(options)
  const sent = (await tim.sendMessage(message)) as any
  expect(sent.data.message).toMatchObject({ status: 'success', payload: { text: 'hello' } })
  expect(commands).toContain('sendmsg')
})

test('groups do not reach the service of the SDK', async () => {
  const made = await kit.TUIGroupService.createGroup({ name: 'Crew', type: TIM.TYPES.GRP_PUBLIC })
  const { groupID } = made.data.group
  await kit.TUIGroupService.updateGroupProfile({ groupID, notification: 'Ahoy' })
  const { groupList } = (await tim.getGroupList()).data
  expect(groupList).toMatchObject([{ groupID, notification: 'Ahoy' }])
  expect(commands.filter(name => /^(create|modify)_group/.test(name))).toEqual([])
})

test('the kit misses no call with the delegate', () => {
  expect([...refusedCalls]).toEqual([])
})

test('a logout ends both sessions', async () => {
  await kit.TUIChatEngine.logout()
  expect(tim.isReady()).toBe(false)
  await expect.poll(() => commands).toContain('wslogout')
  expect(errors).toEqual([])
})
