/** What an engine writes beside new operations: one transaction each, taken in and told to other tabs once it is durable. */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import { rejected, type Verdict } from '../../kernel/verdict.ts'
import type { Commit, Storage, Write } from '../../storage/port.ts'
import type { HeldGroup, Pending } from '../../storage/tables.ts'
import { finish } from '../sync/merge.ts'
import type { State } from './state.ts'

/**
 * How many verdicts are kept, the newest of each kind. Those of what simply succeeded are for `settled`. Refusals stay
 * until dismissed: as many as a full outbox, refused as a whole, and no app that shows them comes near.
 */
const keptMax: Readonly<Record<Verdict['kind'], number>> = {
  applied: 1000,
  partial: 1000,
  unknown: 1000,
  rejected: 10_000
}

export type CommitOptions = {
  readonly storage: Storage
  readonly state: State
  tellPeers(commit: Commit): void
  /** Another tab has written what is not known here yet. */
  onMissed(): void
}

export function createCommits({ storage, state, tellPeers, onMissed }: CommitOptions) {
  function taken(commit: Commit): void {
    state.absorb(commit)
    tellPeers(commit)
  }

  function outdatedVerdicts(writes: readonly Write[]): Write[] {
    if (!writes.some(write => write.table === 'verdicts')) return []
    const all = [...state.verdicts.values()]
    return (Object.keys(keptMax) as Verdict['kind'][]).flatMap(kind => {
      const kept = all.filter(({ verdict }) => verdict.kind === kind)
      if (kept.length <= keptMax[kind]) return []
      const oldest = kept.sort((a, b) => b.askedAtMs - a.askedAtMs).slice(keptMax[kind])
      return oldest.map(({ verdict }): Write => ({
        table: 'verdicts',
        scope: '',
        id: verdict.opID,
        row: null
      }))
    })
  }

  return {
    async commit(writes: readonly Write[]): Promise<void> {
      const all = [...writes, ...outdatedVerdicts(writes)]
      const ids = all.flatMap(write => (write.table === 'outbox' && 'id' in write ? write.id : []))
      let known = all
      const commitNumber = await storage.transact(
        [{ table: 'outbox', scope: '', ids }],
        ([waiting]) => {
          // An operation that another tab has discarded has its verdict.
          const kept = new Set(waiting.map(({ opID }) => opID))
          const gone = new Set(ids.filter(id => !kept.has(id)))
          return (known = all.filter(write => !('id' in write && gone.has(write.id))))
        },
        'relaxed'
      )
      taken({ commitNumber, writes: known })
      if (known.length < all.length) onMissed()
    },

    /** Takes a verdict off; answers whether it was there, which only one caller of all tabs is told. */
    async dismiss(opID: string): Promise<boolean> {
      let writes: Write[] = []
      const commitNumber = await storage.transact(
        [{ table: 'verdicts', scope: '', ids: [opID] }],
        ([found]) =>
          (writes = found.map(() => ({ table: 'verdicts', scope: '', id: opID, row: null })))
      )
      if (writes.length > 0) taken({ commitNumber, writes })
      return writes.length > 0
    },

    /** Stored members of a group could not be read: they are forgotten. */
    async forgetMembers(groupID: string): Promise<void> {
      let writes: Write[] = []
      const commitNumber = await storage.transact(
        [{ table: 'groups', scope: '', ids: [groupID] }],
        ([[held]]) => (writes = held ? withoutMembers(held) : [])
      )
      taken({ commitNumber, writes })
    },

    /** An operation that its caller believes to be waiting has not been stored. */
    async refuse(pending: Pending, error: GroupError): Promise<void> {
      const writes = finish(pending, rejected(pending, error))
      taken({ commitNumber: await storage.transact([], () => writes), writes })
    },

    /** Nothing waits any more: everything has been refused. */
    async discardAll(): Promise<void> {
      let writes: Write[] = []
      const commitNumber = await storage.transact(
        [{ table: 'outbox', scope: '' }],
        ([waiting]) => (writes = waiting.flatMap(discarded))
      )
      taken({ commitNumber, writes })
    }
  }
}

/** All members but the user, who is known from the group. */
function withoutMembers({ groupID, self, ...held }: HeldGroup): Write[] {
  return [
    { table: 'members', scope: groupID, empty: true },
    ...(self ? [{ table: 'members', scope: groupID, id: self.userID, row: self } as const] : []),
    { table: 'groups', scope: '', id: groupID, row: { ...held, groupID, self, membersUpTo: '' } }
  ]
}

const discarded = (pending: Pending): Write[] =>
  finish(pending, pending.applied ?? rejected(pending, groupError('Discarded')))
