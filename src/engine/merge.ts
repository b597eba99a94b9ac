/** What a message from the server does to stored rows. Pure: the caller commits it in one transaction. */

import type { GroupRow, MemberRow } from '../kernel/model.ts'
import { noticeTypes, type NoticeRow, type TipRow } from '../kernel/notices.ts'
import type { Verdict } from '../kernel/verdict.ts'
import { ringPlace, type HeldGroup, type HeldNotice, type Meta, type Pending, type Settled, type Write } from '../storage/port.ts'
import type { DeltaMessage, FeedEvent, GroupDelta, MembersMessage } from '../sync/messages.ts'

export type Held = {
  readonly userID: string
  readonly meta: Meta
  readonly groups: ReadonlyMap<string, HeldGroup>
  readonly outbox: ReadonlyMap<string, Pending>
  /** By place in the ring. */
  readonly notices: ReadonlyMap<string, HeldNotice>
  /** Whether tips and notices are kept until they are handed on. */
  readonly handsOn: boolean
}

/** `gap`: something before it was missed, so nothing of it can be used; the connection has to begin anew. */
export type Merged = { readonly kind: 'writes'; readonly writes: readonly Write[] } | { readonly kind: 'gap' }

export function mergeDelta(held: Held, { feed, groups, verdicts }: DeltaMessage): Merged {
  const draft = createDraft(held)
  if (feed && (feed.from > held.meta.feed || (feed.from > 0 && feed.events.length !== feed.to - feed.from)))
    return { kind: 'gap' }
  if (feed && feed.to > held.meta.feed) {
    // From the beginning on, what is told is all there is.
    if (feed.from === 0) draft.keepOnly(feed.events)
    for (const event of feed.events) if (event.fseq > held.meta.feed) draft.take(event)
  }
  for (const delta of groups) if (!draft.advance(delta)) return { kind: 'gap' }
  for (const verdict of verdicts) draft.settle(verdict)
  draft.settleReached()
  draft.stand(feed?.to ?? 0)
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
  return [
    ...draft.writes,
    { table: 'notices', scope: '', empty: true },
    { table: 'meta', scope: '', id: '', row: { ...held.meta, epoch, feed: 0, noticeSeq: 0 } }
  ]
}

const putHeld = (row: HeldGroup): Write => ({ table: 'groups', scope: '', id: row.groupID, row })
const putMember = (row: MemberRow): Write => ({ table: 'members', scope: row.groupID, id: row.userID, row })
const putNotice = (row: HeldNotice): Write => ({ table: 'notices', scope: '', id: ringPlace(row.number), row })

/** The operation waits no longer; those merged into it get the same verdict. */
export function finish(pending: Pending, verdict: Verdict): Write[] {
  const settled = [...(pending.merged ?? []), pending].map(({ opID, name, args, at }): Write => {
    const row: Settled = { verdict: { ...verdict, opID }, name, args, at }
    return { table: 'verdicts', scope: '', id: opID, row }
  })
  return [{ table: 'outbox', scope: '', id: pending.opID, row: null }, ...settled]
}

function createDraft({ userID, meta, groups: heldGroups, outbox: heldOutbox, notices, handsOn }: Held) {
  const writes: Write[] = []
  const groups = new Map(heldGroups)
  const outbox = new Map(heldOutbox)
  let { noticeCount, noticeSeq, arrivalCount } = meta

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
      { table: 'tips', scope: groupID, empty: true }
    )
  }

  /** Notes what has to be handed on, once. */
  function arrive(arrival: { kind: 'tip'; tip: TipRow } | { kind: 'notice'; notice: NoticeRow }): void {
    if (!handsOn) return
    const row = { ...arrival, number: arrivalCount++ }
    writes.push({ table: 'arrivals', scope: '', id: String(row.number), row })
  }

  function take(event: FeedEvent): void {
    switch (event.kind) {
      case 'joined': {
        const { groupID, mep } = event
        const group = groups.get(groupID)
        if (group && group.mep >= mep) return
        if (group) drop(groupID)
        return hold({ groupID, row: null, self: null, mep, seq: 0, membersUpTo: '', settings: null, tipCount: 0, tipSeq: 0 })
      }
      case 'left': {
        const group = groups.get(event.groupID)
        if (group && group.mep <= event.mep) drop(event.groupID)
        return
      }
      case 'notice': {
        const { kind, ...notice } = event
        // From the beginning of the feed, recent notices are told again.
        if (notice.fseq <= noticeSeq) return
        noticeSeq = notice.fseq
        writes.push(putNotice({ ...notice, number: noticeCount++, handled: null }))
        return arrive({ kind, notice })
      }
      case 'handled': {
        const { groupID, userID: applicant, state, by } = event
        for (const notice of pendingApplications(groupID, applicant))
          writes.push(putNotice({ ...notice, handled: { state, by } }))
      }
    }
  }

  function pendingApplications(groupID: string, applicant: string): HeldNotice[] {
    const fresh = writes.flatMap(write => (write.table === 'notices' && 'row' in write && write.row ? write.row : []))
    const all = new Map([...notices.values(), ...fresh].map(notice => [notice.number, notice]))
    return [...all.values()].filter(notice => isApplication(notice, groupID, applicant) && !notice.handled)
  }

  /** The tips that are new; the last of many, as the ring holds no more. */
  function takeTips(group: HeldGroup, tips: readonly TipRow[]): Pick<HeldGroup, 'tipCount' | 'tipSeq'> {
    const fresh = tips.filter(({ seq }) => seq > group.tipSeq)
    fresh.forEach((tip, index) => {
      const row = { ...tip, number: group.tipCount + index }
      writes.push({ table: 'tips', scope: group.groupID, id: ringPlace(row.number), row })
      arrive({ kind: 'tip', tip })
    })
    return { tipCount: group.tipCount + fresh.length, tipSeq: fresh.at(-1)?.seq ?? group.tipSeq }
  }

  function end(pending: Pending, verdict: Verdict): void {
    outbox.delete(pending.opID)
    writes.push(...finish(pending, verdict))
  }

  /** Whether the rows hold the effect, or will never come. */
  function isReached({ groupID, seq }: { groupID: string; seq: number }): boolean {
    const group = groups.get(groupID)
    return !group || group.seq >= seq
  }

  return {
    writes,
    take,
    drop,

    /** Notes how far the user's feed, notices and arrivals have come. */
    stand(feed: number): void {
      const row = { ...meta, feed: Math.max(feed, meta.feed), noticeCount, noticeSeq, arrivalCount }
      if (row.feed > meta.feed || arrivalCount > meta.arrivalCount) writes.push({ table: 'meta', scope: '', id: '', row })
    },

    /** The whole feed was told: what is not in it is no longer followed. */
    keepOnly(events: readonly FeedEvent[]): void {
      const followed = new Set(events.flatMap(event => (event.kind === 'joined' ? event.groupID : [])))
      for (const groupID of groups.keys()) if (!followed.has(groupID)) drop(groupID)
    },

    /** Whether the delta continues where the group stands, or behind. */
    advance({ groupID, mep, from, to, group: row, members, gone, complete, settings, tips }: GroupDelta): boolean {
      const group = groups.get(groupID)
      const isWhole = from === 0
      // Of another membership, or already known; what is told anew at the same position mends what is wrong here.
      if (!group || group.mep !== mep || to < group.seq || (to === group.seq && !isWhole)) return true
      if (from > group.seq) return false
      if (isWhole) writes.push({ table: 'members', scope: groupID, empty: true })
      writes.push(...members.map(putMember), ...gone.map((id): Write => ({ table: 'members', scope: groupID, id, row: null })))
      hold({
        groupID,
        row,
        self: members.find(member => member.userID === userID) ?? (isWhole || gone.includes(userID) ? null : group.self),
        mep,
        seq: to,
        membersUpTo: isWhole ? (complete ? null : '') : group.membersUpTo,
        settings: settings ?? group.settings,
        ...takeTips(group, tips)
      })
      return true
    },

    settle(verdict: Verdict): void {
      const pending = outbox.get(verdict.opID)
      if (!pending) return
      if (verdict.kind === 'rejected' || isReached(verdict)) end(pending, verdict)
      else {
        const waiting = { ...pending, applied: verdict }
        outbox.set(verdict.opID, waiting)
        writes.push({ table: 'outbox', scope: '', id: verdict.opID, row: waiting })
      }
    },

    /** An applied operation leaves the view when the rows hold its effect, and not before. */
    settleReached(): void {
      for (const pending of outbox.values()) if (pending.applied && isReached(pending.applied)) end(pending, pending.applied)
    }
  }
}

/** Whether all members of a group are held. Of those in an AVChatRoom nobody is told. */
export const isWhole = (group: HeldGroup): group is HeldGroup & { readonly row: GroupRow } =>
  group.row !== null && group.row.type !== 'AVChatRoom' && group.membersUpTo === null

/** Whether a notice tells of this user's wish to join this group. */
export const isApplication = ({ operationType, ...notice }: NoticeRow, groupID: string, applicant: string): boolean =>
  operationType === noticeTypes.applied && notice.groupID === groupID && notice.operatorID === applicant
