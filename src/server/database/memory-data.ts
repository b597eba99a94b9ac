/** The rows of the memory database, and how transactions read and write them. */

import { byRole } from '../../kernel/member-order.ts'
import { must } from '../../kernel/must.ts'
import type { TipRow } from '../../kernel/notices.ts'
import type { FeedEvent } from '../../protocol/server-messages.ts'
import { followedBy, sync } from './memory-sync.ts'
import {
  noGroup,
  numbered,
  refusalsMax,
  type FeedState,
  type GroupState,
  type Identity,
  type LogEntry,
  type MarkedMember,
  type Membership,
  type Other,
  type Reader,
  type StoredVerdict,
  type Transaction
} from './port.ts'

export type Data = {
  identity: Identity
  groups: Map<string, GroupState>
  /** By group, then by user or position. */
  members: Map<string, Map<string, MarkedMember>>
  others: Map<string, Map<string, Other>>
  tips: Map<string, TipRow[]>
  log: Map<string, Map<number, LogEntry>>
  memberships: Map<string, Map<string, Membership>>
  /** By user. */
  feeds: Map<
    string,
    { state: FeedState; events: (FeedEvent & { readonly writtenAtSeconds: number })[] }
  >
  verdicts: Map<string, Map<string, StoredVerdict & { readonly atSeconds: number }>>
}

export const emptyData = (epoch: string): Data => ({
  identity: { epoch, receiptKey: 'only this process has it' },
  groups: new Map(),
  members: new Map(),
  others: new Map(),
  tips: new Map(),
  log: new Map(),
  memberships: new Map(),
  feeds: new Map(),
  verdicts: new Map()
})

export const shallowCopy = (data: Data): Data => ({
  identity: data.identity,
  groups: new Map(data.groups),
  members: new Map(data.members),
  others: new Map(data.others),
  tips: new Map(data.tips),
  log: new Map(data.log),
  memberships: new Map(data.memberships),
  feeds: new Map(data.feeds),
  verdicts: new Map(data.verdicts)
})

type Writer = Pick<Transaction, 'lockGroup' | 'appendFeeds' | 'write'>

export function reader(data: Data): Reader {
  const membersOf = (groupID: string) => [...(data.members.get(groupID)?.values() ?? [])]
  const head = (groupID: string): GroupState => data.groups.get(groupID) ?? noGroup
  const found = <V>(map: ReadonlyMap<string, V> | undefined, keys: readonly string[]) =>
    keys.flatMap(key => map?.get(key) ?? [])
  return {
    identity: async () => data.identity,
    sync: async (userID, request) => sync(data, userID, request),
    group: async groupID => head(groupID),
    async membersAfter(groupID, after, limit) {
      const rows = membersOf(groupID).flatMap(({ row }) => (row && row.userID > after ? row : []))
      return rows.sort((a, b) => (a.userID < b.userID ? -1 : 1)).slice(0, limit)
    },
    async membersByRole(groupID, { offset, limit, role, userIDList }) {
      const rows = membersOf(groupID).flatMap(({ row }) => row ?? [])
      return rows
        .filter(
          row => (role ?? row.role) === row.role && (userIDList?.includes(row.userID) ?? true)
        )
        .sort(byRole)
        .slice(offset, offset + limit)
    },
    members: async (groupID, userIDs) => found(data.members.get(groupID), userIDs),
    admins: async groupID =>
      membersOf(groupID).flatMap(({ userID, row }) => (row && row.role !== 'Member' ? userID : [])),
    others: async (groupID, keys) => found(data.others.get(groupID), keys.map(otherName)),
    logSince: async (groupID, from, names, limit) =>
      [...(data.log.get(groupID)?.values() ?? [])]
        .filter(({ seq, name }) => seq > from && names.includes(name))
        .slice(-limit),
    followers: async groupID =>
      [...(data.memberships.get(groupID)?.values() ?? [])]
        .filter(({ follows }) => follows)
        .map(({ userID }) => userID),
    memberships: async (groupID, userIDs) => found(data.memberships.get(groupID), userIDs),
    groupCounts: async userIDs =>
      new Map(userIDs.map(userID => [userID, [...followedBy(data, userID)].length])),
    async verdicts(userID, opIDs) {
      const ofUser = data.verdicts.get(userID)
      return new Map(
        opIDs.flatMap((opID): [string, StoredVerdict][] => {
          const found = ofUser?.get(opID)
          return found ? [[opID, { verdict: found.verdict, name: found.name }]] : []
        })
      )
    }
  }
}

export function renewEpoch(data: Data, from?: string): boolean {
  const { epoch } = data.identity
  if (from !== undefined && from !== epoch) return false
  data.identity = { ...data.identity, epoch: `${epoch}'` }
  return true
}

export function compact(
  data: Data,
  before: { history: number; verdicts: number; refusals: number },
  mapAt: MapAt
): void {
  for (const [groupID, state] of data.groups) {
    const log = mapAt(data.log, groupID)
    const outdated = [...log.values()].filter(({ atSeconds }) => atSeconds < before.history)
    const floor = Math.max(state.floor, ...outdated.map(({ seq }) => seq))
    data.groups.set(groupID, { ...state, floor })
    for (const { seq } of outdated) log.delete(seq)
    data.tips.set(
      groupID,
      (data.tips.get(groupID) ?? []).filter(({ seq }) => seq > floor)
    )
    const members = mapAt(data.members, groupID)
    for (const { userID, row, revision } of members.values())
      if (!row && revision <= floor) members.delete(userID)
    const others = mapAt(data.others, groupID)
    for (const [name, { table, row }] of others)
      if (table === 'bans' && row.until < before.history) others.delete(name)
  }
  for (const groupID of data.memberships.keys()) {
    const ofGroup = mapAt(data.memberships, groupID)
    for (const { userID, left } of ofGroup.values())
      if (left && left.atSeconds < before.history) ofGroup.delete(userID)
  }
  for (const [userID, { state, events }] of data.feeds) {
    const kept = events.filter(({ writtenAtSeconds }) => writtenAtSeconds >= before.history)
    const floor = kept.length < events.length ? state.head - kept.length : state.floor
    data.feeds.set(userID, { state: { ...state, floor }, events: kept })
  }
  for (const userID of data.verdicts.keys()) {
    const ofUser = mapAt(data.verdicts, userID)
    for (const [name, { atSeconds, verdict }] of ofUser)
      if (
        atSeconds <
        (verdict.kind === 'rejected' ? Math.max(before.refusals, before.verdicts) : before.verdicts)
      )
        ofUser.delete(name)
    const refusals = [...ofUser]
      .filter(([, { verdict }]) => verdict.kind === 'rejected')
      .sort(([, a], [, b]) => b.atSeconds - a.atSeconds)
    for (const [name] of refusals.slice(refusalsMax)) ofUser.delete(name)
  }
}

/** The map at a key, for the caller to change. */
type MapAt = <K, V>(maps: Map<string, Map<K, V>>, key: string) => Map<K, V>
export const mapAt: MapAt = <K, V>(maps: Map<string, Map<K, V>>, key: string) =>
  maps.get(key) ?? must(maps.set(key, new Map<K, V>()).get(key))

/** A snapshot may still read the map at the key, so a commit changes a copy. */
export function createCopyAt(): MapAt {
  const copies = new Set<unknown>()
  return <K, V>(maps: Map<string, Map<K, V>>, key: string) => {
    const known = maps.get(key)
    if (known && copies.has(known)) return known
    const copy = new Map(known)
    copies.add(copy)
    maps.set(key, copy)
    return copy
  }
}

export function writer(data: Data, writes: (() => void)[], mapAt: MapAt): Writer {
  return {
    lockGroup: async groupID => data.groups.get(groupID) ?? noGroup,
    async appendFeeds(events, atSeconds) {
      const tails = new Map<string, number>()
      for (const [userID, list] of events) {
        const { state, events: earlier } = data.feeds.get(userID) ?? {
          state: { head: 0, floor: 0 },
          events: []
        }
        const { to: head, events: positioned } = numbered(list, state.head + list.length)
        tails.set(userID, head)
        const added = positioned.map(event => ({ ...event, writtenAtSeconds: atSeconds }))
        writes.push(() =>
          data.feeds.set(userID, { state: { ...state, head }, events: [...earlier, ...added] })
        )
      }
      return tails
    },
    async write({ groupID, state, log, members, dissolved, others, tips, memberships, verdicts }) {
      writes.push(() => {
        if (log.length > 0)
          data.groups.set(groupID, { ...state, floor: data.groups.get(groupID)?.floor ?? 0 })
        if (dissolved) {
          const ofGroup = mapAt(data.members, groupID)
          for (const [userID, { row }] of ofGroup)
            if (row) ofGroup.set(userID, { userID, row: null, revision: state.seq })
          data.others.delete(groupID)
        }
        for (const member of members) mapAt(data.members, groupID).set(member.userID, member)
        for (const other of others) mapAt(data.others, groupID).set(otherName(other), other)
        if (tips.length > 0) data.tips.set(groupID, [...(data.tips.get(groupID) ?? []), ...tips])
        for (const entry of log) mapAt(data.log, groupID).set(entry.seq, entry)
        for (const membership of memberships)
          mapAt(data.memberships, groupID).set(membership.userID, membership)
        for (const { userID, verdict, name, atSeconds } of verdicts)
          mapAt(data.verdicts, userID).set(verdict.opID, { verdict, name, atSeconds })
      })
    }
  }
}

const otherName = ({ table, id }: { table: string; id: string }) => `${table}/${id}`
