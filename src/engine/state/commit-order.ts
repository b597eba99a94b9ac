/**
 * The order of commits. A commit may be reported late: by another tab, or by storage to the tab
 * that made it. Its writes are then older than those of newer commits, and than the last full read
 * of storage. Pure: it decides which writes memory has to apply, and applies none.
 */

import { lastOf } from '../../kernel/model.ts'
import type { Commit, Write } from '../../storage/port.ts'

/** More commits than this are seldom made between a commit and its report. */
const recentMax = 200

type RecentCommit = {
  readonly commitNumber: number
  readonly writes: Write[]
  /** The scopes of caches that it has changed. Their rows are too many to be kept here. */
  readonly cachedScopes: Set<string>
}

type Ordered = {
  readonly writes: readonly Write[]
  /** Newer commits were dropped already, so only a full read knows the current rows. */
  readonly isOrderLost: boolean
  /** Omitted writes: newer rows may be in these caches. Only storage knows the current ones. */
  readonly outdated: readonly Write[]
}

export function createCommitOrder(max = recentMax) {
  /** The last commits, by number. Commits that share a transaction share a number. */
  const recent: RecentCommit[] = []
  /** Commits up to this number are no longer in `recent`. */
  let droppedUpTo = 0
  /** Storage was last read up to this commit. */
  let readUpTo = 0
  /** Commits that were reported during each full read under way. */
  const reads = new Set<Commit[]>()

  return {
    /** The last commit that was read or reported. */
    last: (): number => Math.max(readUpTo, lastOf(recent)?.commitNumber ?? 0),
    /** Storage has lost commits, and will give their numbers to others. */
    restart(): void {
      recent.length = 0
      droppedUpTo = readUpTo = 0
      for (const during of reads) during.length = 0
    },
    /** Whether the last full read contains the commit. */
    wasRead: ({ commitNumber }: Pick<Commit, 'commitNumber'>): boolean => commitNumber <= readUpTo,

    /** The writes to apply, in this order, for a commit that is reported now. */
    add(commit: Commit): Ordered {
      const { commitNumber } = commit
      // Rows of caches are not part of a full read.
      if (commitNumber <= readUpTo)
        return { writes: [], isOrderLost: false, outdated: commit.writes.filter(isCached) }
      for (const during of reads) during.push(commit)
      const newer = recent.filter(other => other.commitNumber > commitNumber)
      const isOrderLost = commitNumber <= droppedUpTo
      record(commit)
      const isOutdated = (write: Write) =>
        isCached(write) && newer.some(({ cachedScopes }) => cachedScopes.has(scopeKey(write)))
      return {
        writes: [
          ...commit.writes.filter(write => !isOutdated(write)),
          ...newer.flatMap(({ writes }) => writes)
        ],
        isOrderLost,
        outdated: commit.writes.filter(isOutdated)
      }
    },

    /** Starts a full read. Exactly one of the two functions has to be called at its end. */
    beginRead(): { finish(stored: Commit): Write[]; abort(): void } {
      const during: Commit[] = []
      reads.add(during)
      return {
        /** Returns all writes that make up memory now. */
        finish(stored) {
          reads.delete(during)
          readUpTo = stored.commitNumber
          const newer = during
            .filter(({ commitNumber }) => commitNumber > readUpTo)
            .sort((a, b) => a.commitNumber - b.commitNumber)
          return [...stored.writes, ...newer.flatMap(({ writes }) => writes)]
        },
        abort: () => void reads.delete(during)
      }
    }
  }

  function record({ commitNumber, writes: all }: Commit): void {
    const writes = all.filter(write => !isCached(write))
    const cachedScopes = new Set(all.filter(isCached).map(scopeKey))
    // Usually the last place.
    let index = recent.length - 1
    while (index >= 0 && (recent[index]?.commitNumber ?? 0) > commitNumber) index--
    const same = recent[index]
    if (same?.commitNumber === commitNumber) {
      for (const write of writes) same.writes.push(write)
      for (const scope of cachedScopes) same.cachedScopes.add(scope)
    } else recent.splice(index + 1, 0, { commitNumber, writes, cachedScopes })
    if (recent.length > max) droppedUpTo = Math.max(droppedUpTo, recent.shift()?.commitNumber ?? 0)
  }
}

const scopeKey = ({ table, scope }: Write): string => `${table}/${scope}`

/** Members and tips are read scope by scope, and re-read by their cache. */
const isCached = ({ table }: Write): boolean => table === 'members' || table === 'tips'
