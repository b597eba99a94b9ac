/** Tencent's own SDK as the delegate, and a kit on top. Its service refuses the login. */

import { beforeAll, expect, test } from 'vitest'
import TIM, { type Tim } from 'offline-groups/tim'
import { fresh, tokenFor } from '../browser/connect.ts'
import { rejection } from '../browser/session.ts'
import { createDelegated } from './delegated.ts'
import { loadKit } from './kit.ts'

const SDKAppID = 1_400_000_004
/** The code of the SDK after a failed login. Ours would be 2905. */
const notReady = 3001
const codes: number[] = []
let groups: any
let tim: Tim

beforeAll(async () => {
  tim = await createDelegated(SDKAppID, command =>
    command.endsWith('.wslogin')
      ? { ActionStatus: 'FAIL', ErrorCode: 70003, ErrorInfo: 'wrong userSig' }
      : { ActionStatus: 'OK', ErrorCode: 0, ErrorInfo: '' }
  )
  tim.on(TIM.EVENT.ERROR, ({ data }) => codes.push(data.code))

  const kit = await loadKit('engine')
  groups = kit.TUIGroupService
  const userID = fresh('ann')
  const userSig = await tokenFor(userID)
  // The kit asks the SDK for a profile, and leaves the rejection to the page.
  const ignore = (event: PromiseRejectionEvent) => {
    const { code } = Object(event.reason) as { code?: number }
    if (code === notReady) event.stopImmediatePropagation()
  }
  window.addEventListener('unhandledrejection', ignore, { capture: true })
  await kit.TUIChatEngine.login({ SDKAppID, userID, userSig })
})

test('a login that only the SDK fails is an ERROR event', async () => {
  await expect.poll(() => codes).toContain(70003)
  expect(tim.isReady()).toBe(true)
})

test('the kit creates a group without the service of the SDK', async () => {
  const { group } = (await groups.createGroup({ name: 'Crew', type: TIM.TYPES.GRP_PUBLIC })).data
  expect((await tim.getGroupList()).data.groupList).toMatchObject([{ groupID: group.groupID }])
})

test('calls that are not about groups are refused by the SDK', async () => {
  const { code } = await rejection(tim.getConversationList())
  expect(code).toBe(notReady)
})
