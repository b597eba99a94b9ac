/**
 * Makes room in full storage, so that verdicts and rows of the server can be stored. Otherwise a
 * full store is a dead end: it sends nothing, and frees nothing.
 *
 * Browsers refuse every write then, but no deletion. So storage first deletes what it keeps for
 * speed. That makes room for one commit, which forgets the members and tips of some groups that no
 * tab shows, and then their rows are deleted. The server sends them again when they are shown.
 */

import type { Storage, Write } from '../storage/port.ts'
import { withoutMembers, type Commits } from './state/commits.ts'
import { lease, leaseOf } from './state/lease.ts'
import type { State } from './state/state.ts'
import type { StorageReport } from './storage-state.ts'

/** The commit must fit into the room that storage has in reserve. */
const groupsAtOnce = 40

type EvictionOptions = {
  readonly storage: Storage
  readonly state: State
  readonly commits: Commits
  readonly report: StorageReport
  /** The term of this tab while it leads. */
  term(): number | undefined
  /** Whether a tab shows the members of a group. */
  isShown(groupID: string): boolean
}

export function createEviction({
  storage,
  state,
  commits,
  report,
  term,
  isShown
}: EvictionOptions): () => Promise<void> {
  const nextGroups = (): string[] =>
    [...state.base.groups.keys()]
      .filter(groupID => !isShown(groupID) && !report.isEvicted(groupID))
      .slice(0, groupsAtOnce)

  /**
   * Members are fetched again when they are shown. Only the leader removes them: otherwise its next
   * commit could count them as stored.
   */
  async function evict(groupIDs: readonly string[]): Promise<void> {
    let writes: Write[] = []
    const commitNumber = await storage.transact(
      [lease, { table: 'groups', scope: '', ids: groupIDs }],
      ([[row], held]) =>
        (writes = (leaseOf(row).term === term() ? held : []).flatMap(each => [
          ...withoutMembers(each),
          { table: 'tips', scope: each.groupID, empty: true }
        ])),
      'relaxed'
    )
    if (writes.length === 0) return
    commits.publish({ commitNumber, writes })
    report.evicted(groupIDs)
  }

  return async () => {
    await storage.makeRoom?.()
    const groupIDs = nextGroups()
    if (groupIDs.length === 0) return
    await evict(groupIDs)
    await storage.makeRoom?.()
  }
}
