/** Runs the operation of a call, and waits for the server if this device cannot decide. */

import { firstValueFrom } from 'rxjs'
import { bound } from '../client/bound.ts'
import type { GroupStore } from '../client/group-store.ts'
import { isGroupError, type Applied } from '../engine/api.ts'
import type { Args, OperationName, Result } from '../kernel/decide.ts'
import { setTimer } from '../host/timer.ts'
import { errors, type GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import { fieldOf } from './field.ts'
import { IMError, ownError } from './im-error.ts'
import type { Live } from './live.ts'
import { outsideMember, timGroup, type TimGroup, type TimGroupMember } from './shapes.ts'
import type { Verdicts } from './verdicts.ts'

/**
 * Then the call rejects with 4512. The operation stays pending, and an event reports its verdict.
 */
const verdictWithinMs = 15_000
/** An operation is applied again only in this time, so that the call settles within its limit. */
const repeatWithinMs = 20_000
/** A worker that is never replaced fails each call at once: without a pause, the page would hang. */
const repeatAfterMs = 500

/** A logged-in user, from `SDK_READY` until logout. */
export type Session = {
  readonly userID: string
  readonly store: GroupStore
  readonly live: Live
  readonly verdicts: Verdicts
}

type Performed<N extends OperationName = OperationName> = {
  readonly session: Session
  readonly groupID: string
  readonly result: Result<N>
}

/**
 * With a network, the server answers: only it knows whether another group has an ID, and which
 * users are in too many groups. Without a network, or with a slow one, this device answers, and an
 * event reports a different verdict.
 */
export async function performAsked<N extends OperationName>(
  session: Session,
  name: N,
  args: Args<N>
): Promise<Performed<N>> {
  const { connection } = await firstValueFrom(session.store.status$)
  return perform(session, name, args, { isAsked: connection === 'online' })
}

/**
 * Applies an operation. Waits for the server's verdict if this device cannot decide, or if the
 * server `isAsked` in any case. `otherwise`: the result if the server does not answer.
 */
export async function perform<N extends OperationName>(
  session: Session,
  name: N,
  args: Args<N>,
  { isAsked = false, otherwise }: { isAsked?: boolean; otherwise?: Result<N> | undefined } = {}
): Promise<Performed<N>> {
  const answer = await session.verdicts.awaiting(applied(session.store, name, args), isAsked)
  if (isGroupError(answer)) throw failure(answer, name, args)
  const { groupID, opID, result = otherwise } = answer as Applied<N>
  if (answer.result !== undefined && !isAsked) return { session, groupID, result: answer.result }
  const withinMs = otherwise && (await isOffline(session.store)) ? 0 : verdictWithinMs
  const settled = await bound(session.store.settled(opID), withinMs, () => ownError('StillWaiting'))
  // A logout ends the wait, but the operation stays pending.
  const isEnded = isGroupError(settled) && settled.code === errors.NotReady.code
  const verdict = isEnded ? ownError('StillWaiting') : settled
  if (isGroupError(verdict)) {
    // An event reports the verdict later.
    session.verdicts.abandon(opID)
    if (result !== undefined) return { session, groupID, result }
    throw failure(verdict, name, args)
  }
  await session.verdicts.answered(opID)
  if (verdict.kind === 'rejected') throw failure(verdict.error, name, args)
  if (verdict.kind === 'unknown') throw failure(ownError('BadFrame', verdict.word), name, args)
  // The server has run this operation, so the result has its shape.
  return { session, groupID, result: verdict.result as Result<N> }
}

const isOffline = async (store: GroupStore): Promise<boolean> =>
  (await firstValueFrom(store.status$)).connection === 'offline'

/** If the worker dies during the call, the operation is applied again under its ID: once in all. */
async function applied<N extends OperationName>(
  store: GroupStore,
  name: N,
  args: Args<N>
): Promise<Omit<Applied<N>, 'version'> | GroupError> {
  let hasEnded = false
  const isLate = () => hasEnded
  const stopTimer = setTimer(() => (hasEnded = true), repeatWithinMs)
  let answer = await store.apply(name, args)
  while (
    isGroupError(answer) &&
    answer.code === errors.WorkerFailed.code &&
    answer.opID !== undefined &&
    !isLate()
  ) {
    await new Promise<void>(resolve => setTimer(resolve, repeatAfterMs))
    answer = await store.apply(name, args, { opID: answer.opID })
  }
  stopTimer()
  return answer
}

/**
 * The group after an operation. App admins act on groups that they are not in, so the server is
 * asked. The operation has taken effect, so the call resolves even without an answer.
 */
export async function groupOf({ session, groupID }: Performed): Promise<TimGroup> {
  const { live, store } = session
  // Expected: the store has closed, or storage fails.
  const group = await live.group(groupID).catch(() => undefined)
  if (group) return group
  const profile = await store.readProfile(groupID)
  if (!('code' in profile)) return live.outside(profile)
  return live.held(groupID) ?? timGroup({ ...unknownGroup, groupID }, session.userID)
}

/**
 * As `groupOf`. App admins act on members that their devices do not hold. `values`: those that the
 * operation has set.
 */
export async function memberOf(
  { session, groupID }: Performed,
  userID: string,
  values: Partial<TimGroupMember>
): Promise<TimGroupMember> {
  const { live, store } = session
  // Expected: the store has closed, or storage fails.
  const member = await live.member(groupID, userID).catch(() => undefined)
  if (member) return member
  const page = await store.readMembers(groupID, { userIDList: [userID] })
  const row = 'code' in page ? undefined : page.members[0]
  return row ? live.outsideMember(row) : outsideMember({ ...values, userID })
}

const unknownGroup: Omit<GroupRow, 'groupID'> = {
  type: '',
  name: '',
  avatar: '',
  introduction: '',
  notification: '',
  ownerID: '',
  createTime: 0,
  lastInfoTime: 0,
  infoSequence: 0,
  memberNum: 0,
  maxMemberNum: 0,
  joinOption: '',
  muteAllMembers: false,
  groupCustomField: []
}

export function failure(error: GroupError, operation?: string, args?: object): IMError {
  const groupID = fieldOf(args, 'groupID')
  return new IMError(error, {
    ...(operation && { operation }),
    ...(typeof groupID === 'string' && { groupID })
  })
}
