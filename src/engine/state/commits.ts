/**
 * The commits of an engine. Each function makes one transaction. When the transaction is durable,
 * the engine applies its writes to memory and posts them to the other tabs. These files write too:
 *
 * - `lease.ts`: claims to lead, and the numbers of the calls of `pause`.
 * - `seal.ts`: a logout. `src/engine/eviction.ts`: the removal of rows from full storage.
 * - `stored.ts` repairs damaged rows at each full read, and `lost-rows.ts` writes rows again after a
 *   loss. They are not commits of this file, because the rows in memory are not current then.
 */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import { rejected } from '../../kernel/verdict.ts'
import type { Commit, Write } from '../../storage/port.ts'
import type { HeldGroup, Pending, Settled } from '../../storage/tables.ts'
import type { Host } from '../host.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Reload } from './reload.ts'
import { database, naming } from './database-id.ts'
import { createLeaseWrites, isEndedDatabase, lease, leaseOf } from './lease.ts'
import { discarded, settle } from './settle.ts'
import type { State } from './state.ts'
import { outdatedVerdicts } from './verdict-limits.ts'
import { withRoom } from './with-room.ts'

type CommitOptions = {
  readonly host: Pick<Host, 'storage' | 'peers' | 'newID'>
  readonly state: State
  readonly lifecycle: Lifecycle
  readonly reload: Reload['reload']
  /** The term of this tab while it leads. */
  term(): number | undefined
  /** Another tab leads, or storage was emptied: then the stored term is 0. */
  onFenced(storedTerm: number): void
  /** Removes rows that the server can send again. */
  makeRoom(): Promise<void>
  /** Another tab has logged out. */
  onEnded(): void
}

export type Commits = ReturnType<typeof createCommits>

export function createCommits(options: CommitOptions) {
  const { host, state, lifecycle, reload, term, onFenced, onEnded, makeRoom } = options
  const { storage, peers, newID } = host

  function publish(commit: Commit): void {
    state.applyCommit(commit)
    peers.post(state.commitMessage(commit))
  }

  async function commitOnce(writes: readonly Write[]): Promise<void> {
    const ownTerm = term()
    let storedTerm = 0
    const all = [...writes, ...outdatedVerdicts(writes, state.verdicts.rows)]
    const ids = all.flatMap(write => (write.table === 'outbox' && 'id' in write ? write.id : []))
    let kept = all
    const committing = storage.transact(
      [{ table: 'outbox', scope: '', ids }, lease],
      ([stored, [row]]) => {
        storedTerm = leaseOf(row).term
        if (storedTerm !== ownTerm) return []
        const pending = new Set(stored.map(({ opID }) => opID))
        const gone = new Set(ids.filter(id => !pending.has(id)))
        return (kept = all.filter(write => !('id' in write && gone.has(write.id))))
      },
      'relaxed'
    )
    committing.catch(lifecycle.probe)
    const commitNumber = await committing
    if (storedTerm !== ownTerm) return onFenced(storedTerm)
    publish({ commitNumber, writes: kept })
    if (kept.length < all.length) lifecycle.guard(reload())
  }

  /**
   * Writes rows of the user, unless a logout has ended or removed the database: they must not enter
   * that of a later login. Resolves with `undefined` then.
   */
  async function commitOwn(
    verdicts: readonly string[],
    writesAfter: (found: readonly Settled[]) => readonly Write[]
  ): Promise<Commit | undefined> {
    let isEnded: boolean | undefined
    let writes: readonly Write[] = []
    const commitNumber = await storage.transact(
      [lease, database, { table: 'verdicts', scope: '', ids: verdicts }],
      ([[row], [named], found]) => {
        isEnded = lifecycle.isLoggedOut() || isEndedDatabase(row, named, state.databaseID())
        writes = isEnded ? [] : writesAfter(found)
        return (writes = writes.length > 0 ? [...writes, ...naming(named, newID)] : [])
      }
    )
    if (!isEnded) return { commitNumber, writes }
    onEnded()
    return undefined
  }

  return {
    publish,
    ...createLeaseWrites({ storage, newID, publish, databaseID: state.databaseID, onEnded }),

    /**
     * Commits rows and verdicts from the server, if the stored term is still that of this tab. A
     * leader that was frozen may be deposed without knowing it, and must not write older rows over
     * newer ones.
     *
     * If another tab has discarded an operation meanwhile, that operation has a verdict already,
     * and the server's verdict is left out.
     *
     * `afterEviction`: the writes on top of the rows that are left after making room.
     */
    async commit(
      writes: readonly Write[],
      afterEviction: () => readonly Write[] = () => writes
    ): Promise<void> {
      await withRoom(
        makeRoom,
        () => commitOnce(writes),
        () => commitOnce(afterEviction())
      )
    },

    /**
     * Stores an operation that is shown. `retried`: the refused operation that it replaces. The
     * same transaction removes its verdict, so only one of several tabs can retry it. Resolves with
     * an error if another tab was first, or has logged out.
     */
    async enqueue(pending: Pending, retried: string | undefined): Promise<Commit | GroupError> {
      const verdicts = retried === undefined ? [] : [retried]
      const commit = await commitOwn(verdicts, found =>
        found.length < verdicts.length
          ? []
          : [
              { table: 'outbox', scope: '', id: pending.opID, row: pending },
              ...verdicts.map(verdictRemoval)
            ]
      )
      if (!commit) return groupError('NotReady')
      return commit.writes.length > 0 ? commit : groupError('UnknownOperationID', retried)
    },
    /** Marks the operation as durable: it may be sent, and other tabs show it. */
    confirm(pending: Pending, commit: Commit): void {
      state.confirm(pending, commit)
      peers.post(state.commitMessage(commit))
    },

    /** Removes events that the app has received. */
    async removeDelivered(numbers: readonly number[]): Promise<void> {
      const writes = numbers.map((number): Write => ({
        table: 'undelivered',
        scope: '',
        id: String(number),
        row: null
      }))
      publish({ commitNumber: await storage.transact([], () => writes, 'relaxed'), writes })
    },

    /** Resolves with `true` if the verdict existed. Only one caller in all tabs gets `true`. */
    async dismissVerdict(opID: string): Promise<boolean> {
      let writes: Write[] = []
      const commitNumber = await storage.transact(
        [{ table: 'verdicts', scope: '', ids: [opID] }],
        ([found]) => (writes = found.map(() => verdictRemoval(opID)))
      )
      if (writes.length > 0) publish({ commitNumber, writes })
      return writes.length > 0
    },

    /** Removes stored members that cannot be read, so that they are fetched once more. */
    async forgetMembers(groupID: string): Promise<void> {
      let writes: Write[] = []
      const commitNumber = await storage.transact(
        [{ table: 'groups', scope: '', ids: [groupID] }],
        ([[held]]) => (writes = held ? withoutMembers(held) : [])
      )
      publish({ commitNumber, writes })
    },

    /** Stores a refusal for an operation that its caller knows as pending. */
    async refuse(pending: Pending, error: GroupError): Promise<void> {
      const commit = await commitOwn([], () => settle(pending, rejected(pending, error)))
      if (commit) publish(commit)
      else state.settle(discarded(pending))
    }
  }
}

const verdictRemoval = (opID: string): Write => ({
  table: 'verdicts',
  scope: '',
  id: opID,
  row: null
})

/** Removes all members except the user, because that row is part of the group's row. */
export function withoutMembers({ groupID, self, ...held }: HeldGroup): Write[] {
  return [
    { table: 'members', scope: groupID, empty: true },
    ...(self ? [{ table: 'members', scope: groupID, id: self.userID, row: self } as const] : []),
    { table: 'groups', scope: '', id: groupID, row: { ...held, groupID, self, membersUpTo: '' } }
  ]
}
