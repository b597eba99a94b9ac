/**
 * Logout: keeps, sends or discards the pending operations, and removes the database.
 *
 *   open ──keep──▶ closed
 *     │ ──flush──▶ waiting for verdicts ──▶ sealing
 *     └─────discard, or none pending──────▶ sealing ──▶ sealed ──▶ closed, removed
 *                                              │ storage refuses, discard
 *                                              └──▶ removed ──▶ closed
 *
 * The seal is the logout. One transaction finds that no operation is pending, or gives each a
 * verdict. From then on no tab can enqueue an operation. So an operation of another tab is pending
 * before the seal, and counts, or is refused after it: none is removed without a verdict. A refused
 * logout has written nothing, so the store stays usable.
 *
 * The removal only cleans up. If this tab dies before it, another open tab removes the database, or
 * the next engine empties it (stored.ts). Storage may be too full for a seal. Then a discard, or a
 * logout that finds no pending operation, removes the database. An operation that another tab
 * stored meanwhile is discarded: every tab gives its operations their verdicts in memory. A tab may
 * take the removal for a loss, and write its rows again before the message of the logout arrives.
 * So every tab also removes a database that its own tabs have filled since.
 *
 * Every step has a limit. A logout that is refused because of it may still happen, if storage was
 * already writing. Then the status says that the store is closed.
 */

import { groupError, storageFailed, type GroupError } from '../kernel/errors.ts'
import type { Host } from './host.ts'
import type { Leadership } from './leadership.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Commits } from './state/commits.ts'
import type { Reload } from './state/reload.ts'
import { createSeal, type SealOptions } from './state/seal.ts'
import type { State } from './state/state.ts'
import { withRoom } from './state/with-room.ts'
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
  const { answer } = lifecycle
  const database = createSeal(storage, state, commits)

  const discard = (): Promise<GroupError | null> =>
    seal(true).then(sealed => (typeof sealed === 'number' ? null : sealed))

  /** Resolves with the number of pending operations. 0: the database is sealed. */
  async function seal(isDiscarding: boolean): Promise<number | GroupError> {
    let isWanted = true
    const choice = { isDiscarding, isWanted: () => isWanted }
    // Without an eviction: a merge under way would count the removed members as stored.
    const sealing = withRoom(database.makeRoom, () => database.seal(choice)).then(
      pendingCount => {
        if (pendingCount === 0) end(false)
        return pendingCount
      },
      // Expected: storage refuses.
      error => leaveUnsealed(storageFailed(error), choice)
    )
    const sealed = await answer(sealing)
    isWanted = false
    return sealed
  }

  /** Removes a database that is too full for a seal, unless operations are pending. */
  async function leaveUnsealed(
    refusal: GroupError,
    { isDiscarding, isWanted }: SealOptions
  ): Promise<number | GroupError> {
    if (!isWanted()) return refusal
    if (isDiscarding) return remove()
    if (refusal.reason !== 'StorageFull') return refusal
    // Expected: storage cannot be read either.
    const pendingCount = await database.countPending().catch(() => undefined)
    if (pendingCount === undefined || !isWanted()) return refusal
    return pendingCount || remove()
  }

  async function remove(): Promise<0 | GroupError> {
    try {
      await storage.destroy()
    } catch (error) {
      // Expected: storage refuses this as well.
      return storageFailed(error)
    }
    end(true)
    return 0
  }

  function end(isDiscarding: boolean): void {
    peers.post({ type: 'logout', isDiscarding })
    follow(isDiscarding)
  }

  /** A tab has logged out. Operations that are being stored are waited for first. */
  function follow(isDiscarding: boolean): void {
    void lifecycle.close(async () => {
      // If the database is gone already, a read would create another one.
      const isRemovable = isDiscarding
        ? await database.discardAll()
        : !lifecycle.error() && (await database.readSeal().catch(() => false))
      await (isRemovable ? storage.destroy() : storage.close())
    })
  }

  async function leaveIfSettled(): Promise<GroupError | null> {
    const failure = await readAll()
    if (failure) return failure
    const pendingCount = await seal(false)
    if (pendingCount === 0) return null
    return typeof pendingCount === 'number'
      ? groupError('PendingOperations', `${pendingCount}`)
      : pendingCount
  }

  /** Ends if no verdict arrives for a while: each round has fewer pending operations. */
  async function flush(): Promise<GroupError | null> {
    for (let before = Infinity; ;) {
      const failure = await readAll()
      if (failure) return failure
      const { size } = state.outbox.rows
      if (size > 0 && leadership.isOffline()) return groupError('NoNetwork')
      await verdictsOrLimit()
      const pendingCount = await seal(false)
      if (pendingCount === 0) return null
      if (typeof pendingCount !== 'number') return pendingCount
      if (pendingCount >= Math.min(before, size || Infinity))
        return groupError('NoNetwork', `${pendingCount} still wait`)
      before = pendingCount
    }
  }

  /** Only storage knows the operations of a tab that died. They are sent as well. */
  async function readAll(): Promise<GroupError | undefined> {
    // If storage could not be read, the pending operations are unknown.
    const failure = lifecycle.error() ?? (await answer(reload().then(nothing, storageFailed)))
    if (!failure) tabs.flush()
    return failure
  }

  function verdictsOrLimit(): Promise<void> {
    return new Promise(resolve => {
      const stopTimer = setTimer(resolve, flushStuckAfterMs)
      const verdicts = state.outbox.inOrder().flatMap(({ opID }) => state.verdicts.of(opID) ?? [])
      void Promise.all(verdicts).then(() => {
        stopTimer()
        resolve()
      })
    })
  }

  async function leave(choice: LogoutChoice | undefined): Promise<GroupError | null> {
    if (choice === 'keep') {
      await lifecycle.close()
      return null
    }
    const late = await answer(lifecycle.ready.then(() => null))
    if (late) return late
    const refusal = await (choice === 'discard'
      ? discard()
      : choice === 'flush'
        ? flush()
        : leaveIfSettled())
    if (!refusal) await lifecycle.close()
    return refusal
  }

  return {
    /** Another tab has logged out. */
    follow,
    /** Also removes a database that cannot be read. */
    deleteLocalData: async (): Promise<GroupError | null> => (await answer(remove())) || null,
    async logout(choice?: LogoutChoice): Promise<GroupError | null> {
      const isClosed = lifecycle.isClosing()
      if (!isClosed) return leave(choice)
      await lifecycle.close()
      return lifecycle.isLoggedOut() ? null : groupError('NotReady')
    }
  }
}

const nothing = () => undefined
