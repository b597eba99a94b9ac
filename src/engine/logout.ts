/** Logout: keeps, sends or discards the pending operations, and removes the database. */

import { groupError, storageFailed, type GroupError } from '../kernel/errors.ts'
import type { Pending } from '../storage/tables.ts'
import type { Host } from './host.ts'
import type { Leadership } from './leadership.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Commits } from './state/commits.ts'
import type { Reload } from './state/reload.ts'
import type { State } from './state/state.ts'
import { flushStuckAfterMs } from './limits.ts'
import type { Tabs } from './tabs.ts'

type LogoutChoice = 'keep' | 'flush' | 'discard'

type LogoutOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly commits: Commits
  readonly reload: Reload
  readonly leadership: Leadership
  readonly tabs: Tabs
}

export function createLogout({
  host: { storage, peers, setTimer },
  lifecycle,
  state,
  commits,
  reload: { reload },
  leadership,
  tabs
}: LogoutOptions) {
  async function leave(choice?: LogoutChoice): Promise<GroupError | null> {
    if (choice === 'keep') {
      await lifecycle.close()
      return null
    }
    const refusal =
      choice === 'discard' ? await lifecycle.answer(commits.discardAll()) : await settleAll(choice)
    if (refusal) return refusal
    peers.post({ type: 'logout' })
    await lifecycle.close(storage.destroy)
    return null
  }

  /** The reason if operations are still pending: the database must not be removed then. */
  async function settleAll(choice?: 'flush'): Promise<GroupError | undefined> {
    // If storage could not be read, the pending operations are unknown.
    const error = lifecycle.error()
    if (error) return error
    // Only storage knows the operations of a tab that died.
    const failure = await lifecycle.answer(reload())
    if (failure) return failure
    tabs.flush()
    const pending = state.outbox.inOrder()
    if (pending.length > 0 && choice !== 'flush')
      return groupError('PendingOperations', `${pending.length}`)
    if (pending.length > 0 && leadership.isOffline()) return groupError('NoNetwork')
    return (await flushed(pending))
      ? undefined
      : groupError('NoNetwork', `${state.outbox.rows.size} still wait`)
  }

  /** Resolves with `true` when all have verdicts, or `false` if none arrives for a while. */
  function flushed(operations: readonly Pending[]): Promise<boolean> {
    return new Promise(resolve => {
      let stopTimer: () => void
      let count = Infinity
      const check = () => {
        if (state.outbox.rows.size >= count) return resolve(false)
        count = state.outbox.rows.size
        stopTimer = setTimer(check, flushStuckAfterMs)
      }
      check()
      void Promise.all(operations.flatMap(({ opID }) => state.verdicts.of(opID) ?? [])).then(() => {
        stopTimer()
        resolve(true)
      })
    })
  }

  return async (choice?: LogoutChoice): Promise<GroupError | null> => {
    const late = await lifecycle.answer(lifecycle.ready.then(() => null))
    if (late) return late
    return lifecycle.duringLogout(() => leave(choice).catch(storageFailed))
  }
}
