/**
 * The setup of the code samples of Tencent's SDK: the same calls with arguments of the same shapes,
 * whose callbacks read the same fields of results and errors.
 */

import { expect } from 'vitest'
import TIM, {
  type GroupSystemNoticePayload,
  type IMError,
  type Tim,
  type TimHandler,
  type TimMessage
} from 'offline-groups/tim'
import { fresh } from './connect.ts'
import { elsewhere, login } from './session.ts'

export let tim: Tim
export let me: string
export let group1: string
export let user1: string

/** The values that a sample's callbacks received. */
export let imResponse: { code: number; data: any } | undefined
export let imError: IMError | undefined

/** Runs before each test. The names above are bindings that it sets anew. */
export async function startSample(): Promise<void> {
  ;({ tim, userID: me } = await login())
  group1 = fresh('group1')
  user1 = fresh('user1')
  imResponse = imError = undefined
}

/** Handles a promise with the callbacks of every sample. */
export async function handled(promise: Promise<any>): Promise<void> {
  await promise
    .then(response => {
      imResponse = response
    })
    .catch((error: unknown) => {
      imError = error as IMError
    })
}

export const ownGroup = (type: 'Private' | 'Public' = 'Public') =>
  tim.createGroup({ type, groupID: group1, name: 'WebSDK', memberList: [{ userID: user1 }] })

export const nowhere = () => fresh('nowhere')

/** Lets another user apply to join `group1`. Resolves with the message of the notice. */
export async function application(): Promise<{
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
