/** Fetches the members of groups, page by page: first of the groups shown, then of small groups. */

import type { MembersMessage } from '../../protocol/server-messages.ts'
import type { HeldGroup } from '../../storage/tables.ts'
import type { Host } from '../host.ts'
import { replicatedMembersMax } from '../limits.ts'
import type { State } from '../state/state.ts'
import type { Connection } from './connection.ts'
import { createPages } from './pages.ts'

type MemberOptions = {
  readonly host: Host
  readonly state: State
  readonly connection: Connection
  isEvicted(groupID: string): boolean
}

export function createMembers({ host, state: { base }, connection, isEvicted }: MemberOptions) {
  const wanted = new Set<string>()
  const pages = createPages(host.elapsedMs)

  const isDue = ({ groupID, row, membersUpTo }: HeldGroup): boolean =>
    membersUpTo !== null &&
    row !== null &&
    row.type !== 'AVChatRoom' &&
    !pages.has(groupID) &&
    (wanted.has(groupID) || (row.memberNum <= replicatedMembersMax && !isEvicted(groupID)))

  return {
    /** Fetches the members of this group first: they are shown. */
    want: (groupID: string) => void wanted.add(groupID),
    isWanted: (groupID: string): boolean => wanted.has(groupID),

    /** Requests as many pages as the link can carry. */
    fetch(): void {
      const shown = [...wanted].flatMap(groupID => base.groups.get(groupID) ?? [])
      for (const group of [...shown, ...base.groups.values()]) {
        if (!isDue(group)) continue
        const limit = pages.limit()
        if (limit === 0) return
        const { groupID, row, membershipEpoch, membersUpTo } = group
        const rows = Math.min(limit, Math.max(1, row?.memberNum ?? 0))
        pages.ask(groupID, { membershipEpoch, rows })
        connection.ask({ type: 'members', groupID, after: membersUpTo ?? '', limit })
      }
    },

    /** Requests the next pages while these are being stored. */
    arrived(messages: readonly MembersMessage[]): void {
      if (messages.length > 0) pages.arrived(messages)
    },
    stored(messages: readonly MembersMessage[]): void {
      for (const { groupID } of messages) pages.stored(groupID)
      // There may be no answer if the user was out of the group meanwhile.
      pages.keep(
        (groupID, membershipEpoch) => base.groups.get(groupID)?.membershipEpoch === membershipEpoch
      )
    },
    lost: pages.lost
  }
}
