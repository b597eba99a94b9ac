/**
 * The rows that a client of the contract holds, merged as `src/protocol/PROTOCOL.md` says. Each
 * message that breaks a rule of the protocol adds a sentence to `violations`.
 */

import type {
  AttributesRow,
  CountersRow,
  GroupRow,
  MemberRow,
  SettingsRow
} from '../../kernel/model.ts'
import type { TipRow } from '../../kernel/notices.ts'
import { rowsOf } from '../../protocol/column-block.ts'
import { positionDigest } from '../../protocol/digest.ts'
import type {
  DeltaMessage,
  FeedDelta,
  FeedEvent,
  GroupDelta,
  MembersMessage,
  ServerMessage
} from '../../protocol/server-messages.ts'

export type HeldGroup = {
  readonly groupID: string
  readonly membershipEpoch: number
  seq: number
  row: GroupRow | undefined
  settings: SettingsRow | undefined
  attributes: AttributesRow | undefined
  counters: CountersRow | undefined
  isComplete: boolean
  readonly members: Map<string, MemberRow>
  readonly tips: TipRow[]
}

/** The positions that a client states in its hello. */
export type Positions = {
  readonly epoch: string
  readonly feed: number
  readonly groups: [groupID: string, membershipEpoch: number, seq: number][]
}
export const noPositions: Positions = { epoch: '', feed: 0, groups: [] }

export type Replica = {
  epoch: string
  feed: number
  readonly groups: Map<string, HeldGroup>
  /** The last membership of each group, also of groups that the user has left. */
  readonly memberships: Map<string, number>
  /** Every event of the feed, in order. */
  readonly events: FeedEvent[]
  readonly violations: string[]
}

export const createReplica = (): Replica => ({
  epoch: '',
  feed: 0,
  groups: new Map(),
  memberships: new Map(),
  events: [],
  violations: []
})

export const positionsOf = ({ epoch, feed, groups }: Replica): Positions => ({
  epoch,
  feed,
  groups: [...groups.values()].map(({ groupID, membershipEpoch, seq }) => [
    groupID,
    membershipEpoch,
    seq
  ])
})

/** Lets a replica without rows continue from these positions. */
export function startFrom(
  replica: Replica,
  { feed, groups }: Pick<Positions, 'feed' | 'groups'>
): void {
  replica.feed = feed
  for (const [groupID, membershipEpoch, seq] of groups)
    hold(replica, { groupID, membershipEpoch, seq })
}

export function mergeMessage(replica: Replica, message: ServerMessage): void {
  if (message.type === 'welcome') mergeWelcome(replica, message)
  else if (message.type === 'delta') mergeDelta(replica, message)
  else if (message.type === 'members') mergePage(replica, message)
  else if (message.type === 'pong')
    rule(
      replica,
      message.feed === replica.feed && message.groups === positionDigest(replica.groups.values()),
      'the pong has other positions than the client'
    )
}

function rule({ violations }: Replica, holds: boolean, violation: string): void {
  if (!holds) violations.push(violation)
}

function hold(
  { groups, memberships }: Replica,
  group: Pick<HeldGroup, 'groupID' | 'membershipEpoch' | 'seq'>
): void {
  memberships.set(group.groupID, group.membershipEpoch)
  groups.set(group.groupID, {
    ...group,
    row: undefined,
    settings: undefined,
    attributes: undefined,
    counters: undefined,
    isComplete: false,
    members: new Map(),
    tips: []
  })
}

function mergeWelcome(
  replica: Replica,
  { epoch, known }: Extract<ServerMessage, { type: 'welcome' }>
): void {
  replica.epoch = epoch
  if (known) return
  replica.feed = 0
  replica.groups.clear()
  replica.memberships.clear()
}

function mergeDelta(replica: Replica, { feed, groups, verdicts }: DeltaMessage): void {
  if (feed) mergeFeed(replica, feed)
  for (const group of groups) mergeGroup(replica, group)
  for (const verdict of verdicts) {
    if (verdict.kind === 'rejected') continue
    const held = replica.groups.get(verdict.groupID)
    if (held)
      rule(replica, held.seq >= verdict.seq, `a verdict of ${verdict.seq} came before its rows`)
  }
}

function mergeFeed(replica: Replica, { from, to, events }: FeedDelta): void {
  const { feed, groups } = replica
  rule(replica, from === 0 || from === feed, `the feed continues from ${from}, not from ${feed}`)
  if (from === 0) {
    const followed = new Set(events.map(event => (event.kind === 'joined' ? event.groupID : '')))
    for (const groupID of groups.keys()) if (!followed.has(groupID)) groups.delete(groupID)
  } else
    rule(
      replica,
      events.length === to - from && events.every(({ fseq }, index) => fseq === from + index + 1),
      'the feed has a hole'
    )
  replica.feed = to
  for (const event of events) {
    replica.events.push(event)
    if (event.kind === 'joined') mergeJoin(replica, event)
    if (event.kind === 'left') groups.delete(event.groupID)
  }
}

function mergeJoin(
  replica: Replica,
  { groupID, membershipEpoch }: Pick<HeldGroup, 'groupID' | 'membershipEpoch'>
): void {
  if (replica.groups.get(groupID)?.membershipEpoch === membershipEpoch) return
  rule(
    replica,
    membershipEpoch > (replica.memberships.get(groupID) ?? 0) || replica.feed === 0,
    `membership ${membershipEpoch} of ${groupID} came a second time`
  )
  hold(replica, { groupID, membershipEpoch, seq: 0 })
}

function mergeGroup(replica: Replica, delta: GroupDelta): void {
  const { groupID, membershipEpoch, from, to, group, members, gone, complete, settings } = delta
  const held = replica.groups.get(groupID)
  if (held?.membershipEpoch !== membershipEpoch)
    return rule(
      replica,
      membershipEpoch <= (replica.memberships.get(groupID) ?? 0),
      `${groupID} came before the feed named it`
    )
  rule(replica, from <= held.seq, `${groupID} continues from ${from}, not from ${held.seq}`)
  if (to < held.seq || (to === held.seq && from > 0)) return
  if (from === 0) held.members.clear()
  for (const member of members) held.members.set(member.userID, member)
  for (const userID of gone) held.members.delete(userID)
  for (const tip of delta.tips) if (tip.seq > (held.tips.at(-1)?.seq ?? 0)) held.tips.push(tip)
  held.seq = to
  held.row = group
  held.settings = settings ?? held.settings
  held.attributes = delta.attributes ?? (from > 0 ? held.attributes : undefined)
  held.counters = delta.counters ?? (from > 0 ? held.counters : undefined)
  held.isComplete = from === 0 ? complete : held.isComplete
  if (held.isComplete)
    rule(
      replica,
      held.members.size === group.memberNum,
      `${groupID} has ${held.members.size} of ${group.memberNum} members`
    )
}

function mergePage(replica: Replica, page: MembersMessage): void {
  const { groupID, membershipEpoch, asOf, members, next } = page
  const held = replica.groups.get(groupID)
  if (!held) return rule(replica, false, `members of ${groupID}, which the feed has not named`)
  rule(
    replica,
    held.membershipEpoch === membershipEpoch && held.seq === asOf,
    `a page of position ${asOf} came to a client at ${held.seq}`
  )
  for (const member of rowsOf(members)) held.members.set(member.userID, member)
  if (next !== null) return
  held.isComplete = true
  rule(
    replica,
    held.members.size === held.row?.memberNum,
    `the pages of ${groupID} have ${held.members.size} members`
  )
}
