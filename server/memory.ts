/** The database port in memory: for simulations, where nothing may depend on real time or disks. */

import type { ApplicationRow, MemberRow } from '../src/kernel/model.ts'
import { must } from '../src/kernel/must.ts'
import type { FeedEvent } from '../src/sync/messages.ts'
import type { Database, GroupState, LogEntry, Membership, Reader, StoredVerdict, Transaction } from './port.ts'

type Data = {
  groups: Map<string, GroupState>
  /** By group, then by user or position. */
  members: Map<string, Map<string, { userID: string; row: MemberRow | null; rv: number }>>
  applications: Map<string, Map<string, ApplicationRow>>
  log: Map<string, Map<number, LogEntry>>
  memberships: Map<string, Map<string, Membership>>
  /** By user. */
  feeds: Map<string, FeedEvent[]>
  verdicts: Map<string, Map<string, StoredVerdict>>
}

export function createMemoryDatabase(epoch: string): Database {
  const data: Data = {
    groups: new Map(),
    members: new Map(),
    applications: new Map(),
    log: new Map(),
    memberships: new Map(),
    feeds: new Map(),
    verdicts: new Map()
  }
  // One transaction at a time, so reads are consistent and every group is locked.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work)
    turn = result.catch(() => undefined)
    return result
  }

  return {
    epoch,
    transaction: work =>
      inTurn(async () => {
        // Writes happen at the end, when nothing can fail any more.
        const writes: (() => void)[] = []
        const result = await work({ ...reader(data), ...writer(data, writes) })
        for (const write of writes) write()
        return result
      }),
    snapshot: work => inTurn(() => work(reader(data))),
    close: () => inTurn(() => Promise.resolve())
  }
}

function reader(data: Data): Reader {
  const membersOf = (groupID: string) => [...(data.members.get(groupID)?.values() ?? [])]
  const head = (groupID: string): GroupState => data.groups.get(groupID) ?? { seq: 0, row: null }
  const memberships = function* (userID: string) {
    for (const [groupID, ofGroup] of data.memberships) {
      const membership = ofGroup.get(userID)
      if (membership?.follows) yield { groupID, mep: membership.mep }
    }
  }
  const found = <V>(map: ReadonlyMap<string, V> | undefined, keys: readonly string[]) => keys.flatMap(key => map?.get(key) ?? [])
  return {
    group: async groupID => head(groupID),
    async changedSince(groupID, from) {
      const changed = membersOf(groupID).filter(({ rv }) => rv > from)
      return {
        members: changed.flatMap(({ row }) => row ?? []),
        gone: changed.filter(({ row }) => !row).map(({ userID }) => userID)
      }
    },
    async membersAfter(groupID, after, limit) {
      const rows = membersOf(groupID).flatMap(({ row }) => (row && row.userID > after ? row : []))
      return rows.sort((a, b) => (a.userID < b.userID ? -1 : 1)).slice(0, limit)
    },
    members: async (groupID, userIDs) => found(data.members.get(groupID), userIDs),
    applications: async (groupID, userIDs) => found(data.applications.get(groupID), userIDs),
    logEntry: async (groupID, seq) => data.log.get(groupID)?.get(seq),
    followed: async userID =>
      [...memberships(userID)]
        .map(each => ({ ...each, seq: head(each.groupID).seq }))
        .sort((a, b) => (a.groupID < b.groupID ? -1 : 1)),
    followers: async groupID =>
      [...(data.memberships.get(groupID)?.values() ?? [])].filter(({ follows }) => follows).map(({ userID }) => userID),
    memberships: async (groupID, userIDs) => found(data.memberships.get(groupID), userIDs),
    groupCounts: async userIDs => new Map(userIDs.map(userID => [userID, [...memberships(userID)].length])),
    feedHead: async userID => data.feeds.get(userID)?.length ?? 0,
    feedSince: async (userID, from) => data.feeds.get(userID)?.slice(from) ?? [],
    async verdicts(userID, opIDs) {
      const ofUser = data.verdicts.get(userID)
      return new Map(opIDs.flatMap(opID => (ofUser?.has(opID) ? [[opID, ofUser.get(opID)] as [string, StoredVerdict]] : [])))
    }
  }
}

function writer(data: Data, writes: (() => void)[]): Pick<Transaction, 'lockGroup' | 'appendFeeds' | 'write'> {
  const within = <K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> =>
    map.get(key) ?? must(map.set(key, new Map<K, V>()).get(key))
  return {
    lockGroup: async groupID => data.groups.get(groupID) ?? { seq: 0, row: null },
    async appendFeeds(events) {
      const tails = new Map<string, number>()
      for (const [userID, list] of events) {
        const feed = data.feeds.get(userID) ?? []
        tails.set(userID, feed.length + list.length)
        writes.push(() => data.feeds.set(userID, [...feed, ...list]))
      }
      return tails
    },
    async write({ groupID, state, log, members, dissolved, applications, memberships, verdicts }) {
      writes.push(() => {
        if (log.length > 0) data.groups.set(groupID, state)
        const ofGroup = within(data.members, groupID)
        if (dissolved) {
          for (const [userID, { row }] of ofGroup) if (row) ofGroup.set(userID, { userID, row: null, rv: state.seq })
          data.applications.delete(groupID)
        }
        for (const member of members) ofGroup.set(member.userID, member)
        for (const { userID, row } of applications) {
          if (row) within(data.applications, groupID).set(userID, row)
          else data.applications.get(groupID)?.delete(userID)
        }
        for (const entry of log) within(data.log, groupID).set(entry.seq, entry)
        for (const membership of memberships) within(data.memberships, groupID).set(membership.userID, membership)
        for (const { userID, verdict, name } of verdicts) within(data.verdicts, userID).set(verdict.opID, { verdict, name })
      })
    }
  }
}
