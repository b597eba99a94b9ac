/**
 * Tencent IM's group API on an offline-first store: the same calls, arguments, results, codes and
 * events. The README beside this file lists the differences.
 */

import type { Tim } from './api.ts'
import { EVENT, TSignaling, TYPES } from './constants.ts'
import type { TimDelegate } from './delegate.ts'
import { createInstance, type Instance } from './instance.ts'
import { wrong, type TimOptions } from './options.ts'
import type { TimOtherCalls } from './other-calls.ts'
import type { TimProfileCalls } from './profile-calls.ts'

export type { Tim } from './api.ts'
export type { TimDelegate } from './delegate.ts'
export type { TimOtherCalls } from './other-calls.ts'
export type { TimGroupApplication } from './applications.ts'
export type { TimEntryCalls } from './entry-api.ts'
export type { TimEventName, TimOtherEventName } from './constants.ts'
export type { TimEventData, TimHandler } from './events.ts'
export type { TimApplicationPayload, TimGroupCalls, TimGroupResponse } from './group-api.ts'
export { IMError, type IMResponse } from './im-error.ts'
export type { TimOptions } from './options.ts'
export type { TimMemberCalls, TimMemberResponse } from './member-api.ts'
export type {
  GroupSystemNoticePayload,
  GroupTipPayload,
  TimGroupProfile,
  TimMessage
} from './message.ts'
export type { TimConversation, TimProfile, TimProfileCalls } from './profile-calls.ts'
export type { TimSession } from './session-api.ts'
export type { TimGroup, TimGroupMember } from './shapes.ts'

/** The calls that a delegate answers. */
type Delegated = keyof TimOtherCalls | keyof TimProfileCalls

const instances = new Map<number, Instance>()

/**
 * Returns the instance of an app: the same one for the same `SDKAppID`. A later call may add
 * options that the first one lacked. It throws an `IMError` 10004 if an option differs.
 *
 * @example
 * const tim = TIM.create({ SDKAppID: 1400000000, url })
 */
function create<D extends TimDelegate = TimDelegate>(
  options: TimOptions & { readonly delegate: D }
): Omit<Tim, Delegated> & Omit<D, Exclude<keyof Tim, Delegated>>
function create(options: TimOptions): Tim
function create(options: TimOptions): Tim {
  // JavaScript can pass no options. Then the login reports the missing ones.
  const given = Object(options) as TimOptions
  const { delegate } = given
  const SDKAppID = numberOf(given.SDKAppID)
  if ([...instances.values()].some(({ tim }) => (tim as object) === delegate))
    throw wrong("delegate: must be an instance of Tencent's SDK, not of this package")
  const instance =
    instances.get(SDKAppID) ?? createInstance(SDKAppID, () => instances.delete(SDKAppID))
  instance.adopt(given)
  instances.set(SDKAppID, instance)
  return instance.tim
}

/** As Tencent's SDK, apps may pass the number as text. */
const numberOf = (appID: unknown): number =>
  typeof appID === 'string' ? Number.parseInt(appID, 10) : (appID as number)

/** Tencent's entry point: `create` returns the instance of an app. */
const TIM = {
  create,
  TYPES,
  EVENT,
  TSignaling,
  /** The version of Tencent's SDK whose names exist here. UI kits compare it. */
  VERSION: '2.27.6'
}
export default TIM
