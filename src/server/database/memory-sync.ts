/** The changes for a session, from the rows of the memory database. */

import { entriesTables, isOneOf } from '../../kernel/model.ts'
import type { Data } from './memory-data.ts'
import {
  noGroup,
  type Followed,
  type GroupRequest,
  type GroupRows,
  type SyncRequest,
  type SyncRows
} from './port.ts'

export function* followedBy(data: Data, userID: string): Generator<Followed> {
  for (const [groupID, ofGroup] of data.memberships) {
    const membership = ofGroup.get(userID)
    if (!membership?.follows) continue
    const { membershipEpoch, since } = membership
    yield { groupID, membershipEpoch, since, seq: data.groups.get(groupID)?.seq ?? 0 }
  }
}

export function sync(
  data: Data,
  userID: string,
  { feed: position, isFollowedRead, groups, max, opIDs }: SyncRequest
): SyncRows {
  const { state: feed, events } = data.feeds.get(userID) ?? {
    state: { head: 0, floor: 0 },
    events: []
  }
  const isFeedChanged = feed.head !== position
  return {
    identity: data.identity,
    feed,
    followed:
      isFollowedRead || isFeedChanged
        ? [...followedBy(data, userID)].sort((a, b) => (a.groupID < b.groupID ? -1 : 1))
        : [],
    events: isFeedChanged
      ? events.slice(-max.events).map(({ writtenAtSeconds: _, ...event }) => event)
      : [],
    groups: groups.flatMap(request => groupRows(data, { userID, request, max }) ?? []),
    verdicts: new Map(
      opIDs.flatMap(opID => {
        const stored = data.verdicts.get(userID)?.get(opID)
        return stored ? [[opID, { verdict: stored.verdict, name: stored.name }]] : []
      })
    )
  }
}

function groupRows(
  data: Data,
  {
    userID,
    request: { groupID, from, since, membersMax },
    max
  }: { userID: string; request: GroupRequest; max: SyncRequest['max'] }
): GroupRows | undefined {
  const state = data.groups.get(groupID) ?? noGroup
  if (state.seq === 0) return undefined
  const isWhole = from === 0 || from < state.floor
  const all = [...(data.members.get(groupID)?.values() ?? [])]
  const rows = all.flatMap(({ row }) => row ?? [])
  const isVisible = (id: string) => state.row?.type !== 'AVChatRoom' || id === userID
  return {
    groupID,
    state,
    changed: isWhole
      ? null
      : all
          .filter(({ userID: id, revision }) => revision > from && isVisible(id))
          .sort((a, b) => a.revision - b.revision)
          .slice(0, max.changed),
    others: [...(data.others.get(groupID)?.values() ?? [])].filter(
      ({ table, id }) => isOneOf(entriesTables, table) || (table === 'settings' && id === userID)
    ),
    tips: (data.tips.get(groupID) ?? [])
      .filter(({ seq }) => seq > Math.max(isWhole ? 0 : from, since - 1))
      .slice(-max.tips),
    known: isWhole
      ? rows.filter(({ userID: id }) => id === userID || id === state.row?.ownerID)
      : [],
    members:
      isWhole && (state.row?.memberNum ?? 0) <= membersMax
        ? rows.sort((a, b) => (a.userID < b.userID ? -1 : 1))
        : null
  }
}
