/** What a message from the server does to stored rows. Pure: the caller commits it in one transaction. */

import type { MemberRow } from '../kernel/model.ts'
import type { Verdict } from '../kernel/verdict.ts'
import type { HeldGroup, Meta, Pending, Settled, Write } from '../storage/port.ts'
import type { DeltaMessage, FeedEvent, GroupDelta, MembersMessage } from '../sync/messages.ts'

export type Held = {
  readonly userID: string
  readonly meta: Meta
  readonly groups: ReadonlyMap<string, HeldGroup>
  readonly outbox: ReadonlyMap<string, Pending>
}

/** `gap`: something before it was missed, so nothing of it can be used; the connection has to begin anew. */
export type Merged = { readonly kind: 'writes'; readonly writes: readonly Write[] } | { readonly kind: 'gap' }

export function mergeDelta(held: Held, { feed, groups, verdicts }: DeltaMessage): Merged {
  const draft = createDraft(held)
  if (feed) {
    // Who stands at the beginning is told what is, not what was: such events are not numbered one by one.
    const isSummary = feed.events.length !== feed.to - feed.from
    if (feed.from > held.meta.feed || (isSummary && feed.from !== held.meta.feed && feed.to > held.meta.feed))
      return { kind: 'gap' }
    if (feed.to > held.meta.feed) {
      if (held.meta.feed === 0) draft.keepOnly(feed.events)
      for (const event of feed.events.slice(held.meta.feed - feed.from)) draft.follow(event)
      draft.writes.push({ table: 'meta', scope: '', id: '', row: { ...held.meta, feed: feed.to } })
    }
  }
  for (const delta of groups) if (!draft.advance(delta)) return { kind: 'gap' }
  for (const verdict of verdicts) draft.settle(verdict)
  draft.settleReached()
  return { kind: 'writes', writes: draft.writes }
}

export function mergeMembers(held: Held, { groupID, mep, asOf, members, next }: MembersMessage): Merged {
  const group = held.groups.get(groupID)
  // A page of another moment says nothing about this one; it is asked for again.
  if (!group || group.mep !== mep || group.seq !== asOf || group.membersUpTo === null) return { kind: 'writes', writes: [] }
  return { kind: 'writes', writes: [...members.map(putMember), putHeld({ ...group, membersUpTo: next })] }
}

/** Another epoch is another history: what the server said before no longer counts, what the user asked for does. */
export function forgetBase(held: Held, epoch: string): Write[] {
  const draft = createDraft(held)
  for (const groupID of held.groups.keys()) draft.drop(groupID)
  draft.settleReached()
  return [...draft.writes, { table: 'meta', scope: '', id: '', row: { ...held.meta, epoch, feed: 0 } }]
}

const putHeld = (row: HeldGroup): Write => ({ table: 'groups', scope: '', id: row.groupID, row })
const putMember = (row: MemberRow): Write => ({ table: 'members', scope: row.groupID, id: row.userID, row })

function createDraft({ userID, groups: heldGroups, outbox: heldOutbox }: Held) {
  const writes: Write[] = []
  const groups = new Map(heldGroups)
  const outbox = new Map(heldOutbox)

  function hold(group: HeldGroup): void {
    groups.set(group.groupID, group)
    writes.push(putHeld(group))
  }

  /** Leaving is forgetting. */
  function drop(groupID: string): void {
    groups.delete(groupID)
    writes.push(
      { table: 'groups', scope: '', id: groupID, row: null },
      { table: 'members', scope: groupID, empty: true },
      { table: 'applications', scope: groupID, empty: true }
    )
  }

  function follow(event: FeedEvent): void {
    const { groupID, mep } = event
    const group = groups.get(groupID)
    if (event.kind === 'left') {
      if (group && group.mep <= mep) drop(groupID)
    } else if (!group || group.mep < mep) {
      if (group) drop(groupID)
      hold({ groupID, row: null, self: null, mep, seq: 0, membersUpTo: '' })
    }
  }

  function finish(pending: Pending, verdict: Verdict): void {
    const { opID, name, args, at } = pending
    const settled: Settled = { verdict, name, args, at }
    outbox.delete(opID)
    writes.push({ table: 'outbox', scope: '', id: opID, row: null }, { table: 'verdicts', scope: '', id: opID, row: settled })
  }

  /** Whether the rows hold the effect, or will never come. */
  function isReached({ groupID, seq }: { groupID: string; seq: number }): boolean {
    const group = groups.get(groupID)
    return !group || group.seq >= seq
  }

  return {
    writes,
    follow,
    drop,

    /** The whole feed was told: what is not in it is no longer followed. */
    keepOnly(events: readonly FeedEvent[]): void {
      const followed = new Set(events.map(({ groupID }) => groupID))
      for (const groupID of groups.keys()) if (!followed.has(groupID)) drop(groupID)
    },

    /** Whether the delta continues where the group stands, or behind. */
    advance({ groupID, mep, from, to, group: row, members, gone, complete }: GroupDelta): boolean {
      const group = groups.get(groupID)
      // Of another membership, or already known.
      if (!group || group.mep !== mep || to <= group.seq) return true
      if (from > group.seq) return false
      const isWhole = from === 0
      if (isWhole) writes.push({ table: 'members', scope: groupID, empty: true })
      writes.push(...members.map(putMember), ...gone.map((id): Write => ({ table: 'members', scope: groupID, id, row: null })))
      const self = members.find(member => member.userID === userID) ?? (isWhole || gone.includes(userID) ? null : group.self)
      hold({ groupID, row, self, mep, seq: to, membersUpTo: isWhole ? (complete ? null : '') : group.membersUpTo })
      return true
    },

    settle(verdict: Verdict): void {
      const pending = outbox.get(verdict.opID)
      if (!pending) return
      if (verdict.kind === 'rejected' || isReached(verdict)) finish(pending, verdict)
      else {
        const waiting = { ...pending, applied: verdict }
        outbox.set(verdict.opID, waiting)
        writes.push({ table: 'outbox', scope: '', id: verdict.opID, row: waiting })
      }
    },

    /** An applied operation leaves the view when the rows hold its effect, and not before. */
    settleReached(): void {
      for (const pending of outbox.values()) if (pending.applied && isReached(pending.applied)) finish(pending, pending.applied)
    }
  }
}
