/** The store's status as Tencent's SDK reports it: admission at login, and network events. */

import { filter, firstValueFrom, type Subscription } from 'rxjs'
import { bound } from '../client/bound.ts'
import type { GroupStore } from '../client/group-store.ts'
import type { Status } from '../engine/api.ts'
import { errors, isLoginError, type GroupError } from '../kernel/errors.ts'
import { EVENT, TYPES } from './constants.ts'
import type { Events } from './events.ts'
import { ownError } from './im-error.ts'

/** A worker that failed so often, or has not come so long, will not come. */
const workerFailuresMax = 3
const workerWithinMs = 15_000

/**
 * Resolves when the user may log in, with the error if the server refuses. A user with groups on
 * this device does not wait for the server. `isReplaced`: another worker takes the place of one
 * that fails, so its first errors decide nothing.
 */
export async function admit(
  store: GroupStore,
  { isReplaced, limitMs }: { readonly isReplaced: boolean; readonly limitMs: number }
): Promise<GroupError | undefined> {
  let failures = 0
  let failed: GroupError | undefined
  const isDecided = ({ connection, lastError }: Status): boolean => {
    if (lastError?.code !== errors.WorkerFailed.code)
      return connection !== 'connecting' || lastError !== null
    failed = lastError
    // Every further attempt to make a worker would fail likewise.
    const isFinal = lastError.reason === 'WorkerNotMade' || ++failures === workerFailuresMax
    return isFinal || !isReplaced
  }
  const known = firstValueFrom(store.groups$).then(({ rows }) =>
    rows.length > 0 ? undefined : decided
  )
  const decided = firstValueFrom(store.status$.pipe(filter(isDecided)))
  const answer = Promise.race([decided, known]).then(status => ({ error: status?.lastError }))
  const inTime = bound(answer, workerWithinMs, () => failed && { error: failed })
  const { error } =
    (await inTime) ??
    (await bound(answer, limitMs - workerWithinMs, () => ({
      error: failed ?? ownError('StorageFailed', 'no answer')
    })))
  return error && isFatal(error) ? error : undefined
}

const isFatal = (error: GroupError) =>
  isLoginError(error) ||
  [errors.StorageFailed, errors.WorkerFailed, errors.IllegalArgument].some(
    ({ code }) => code === error.code
  )

/** Emits changes of the network, and reports a userSig that the server refuses. */
export function watchStatus(
  store: GroupStore,
  events: Events,
  onRefused: (error: GroupError) => void
): Subscription {
  let state: string | undefined
  return store.status$.subscribe(({ connection, lastError }) => {
    const next = netStates[connection]
    if (state !== undefined && state !== next) events.emit(EVENT.NET_STATE_CHANGE, { state: next })
    state = next
    if (lastError && isLoginError(lastError)) onRefused(lastError)
  })
}

const netStates: Record<Status['connection'], string> = {
  online: TYPES.NET_STATE_CONNECTED,
  connecting: TYPES.NET_STATE_CONNECTING,
  offline: TYPES.NET_STATE_DISCONNECTED
}
