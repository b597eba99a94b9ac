/** What messages from the server do to stored rows. Pure: the caller commits it in one transaction. */

import type { GroupRow, MemberRow } from '../../kernel/model.ts'
import { noticeTypes, type NoticeRow, type TipRow } from '../../kernel/notices.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { Write } from '../../storage/port.ts'
import {
  ringPlace,
  type HeldGroup,
  type HeldNotice,
  type Meta,
  type Pending
} from '../../storage/tables.ts'
import type {
  DeltaMessage,
  FeedDelta,
  FeedEvent,
  GroupDelta,
  MembersMessage
} from '../../protocol/messages.ts'

export type Held = {
  readonly userID: string
  readonly meta: Meta
  readonly groups: ReadonlyMap<string, HeldGroup>
  readonly outbox: ReadonlyMap<string, Pending>
  /** By place in the ring. */
  readonly notices: ReadonlyMap<string, HeldNotice>
  /** Whether tips and notices are kept until they are handed on. */
  readonly keepUndelivered: boolean
}

/** Messages that bring rows. */
export type RowsMessage = DeltaMessage | MembersMessage

/**
 * What messages that have come one after another do together. `isGap`: before one of them something was missed, so
 * neither it nor what follows can be used; the connection has to begin anew.
 */
export function merge(
  held: Held,
  messages: readonly RowsMessage[]
): { readonly writes: readonly Write[]; readonly isGap: boolean } {
  const draft = createDraft(held)
  const gap = messages.findIndex(
    message => !(message.type === 'members' ? draft.page(message) : draft.delta(message))
  )
  return gap < 0
    ? { writes: draft.end(), isGap: false }
    : { writes: merge(held, messages.slice(0, gap)).writes, isGap: true }
}

/** Another epoch is another history: what the server said before no longer counts, what the user asked for does. */
export function forgetBase(held: Held, epoch: string): Write[] {
  const draft = createDraft(held)
  for (const groupID of held.groups.keys()) draft.drop(groupID)
  draft.settleReached()
  return [
    ...draft.end(),
    { table: 'notices', scope: '', empty: true },
    { table: 'meta', scope: '', id: '', row: { ...held.meta, epoch, feed: 0, noticeSeq: 0 } }
  ]
}

const putMember = (row: MemberRow): Write => ({
  table: 'members',
  scope: row.groupID,
  id: row.userID,
  row
})
const putNotice = (row: HeldNotice): Write => ({
  table: 'notices',
  scope: '',
  id: ringPlace(row.number),
  row
})

/** The operation leaves the outbox, and its verdict is kept. */
export const finish = ({ opID, name, args, askedAtMs }: Pending, verdict: Verdict): Write[] => [
  { table: 'outbox', scope: '', id: opID, row: null },
  { table: 'verdicts', scope: '', id: opID, row: { verdict, name, args, askedAtMs } }
]

function createDraft({
  userID,
  meta,
  groups: heldGroups,
  outbox: heldOutbox,
  notices,
  keepUndelivered
}: Held) {
  const writes: Write[] = []
  /** Groups that have changed; `null`: gone. */
  const changed = new Map<string, HeldGroup | null>()
  const groupOf = (groupID: string) =>
    (changed.has(groupID) ? changed.get(groupID) : heldGroups.get(groupID)) ?? undefined
  const outbox = new Map(heldOutbox)
  let { feed, noticeCount, noticeSeq, undeliveredCount } = meta

  function hold(group: HeldGroup): void {
    changed.set(group.groupID, group)
  }

  /** Leaving is forgetting. */
  function drop(groupID: string): void {
    changed.set(groupID, null)
    writes.push(
      { table: 'members', scope: groupID, empty: true },
      { table: 'tips', scope: groupID, empty: true }
    )
  }

  /** Notes what has to be handed on, once. */
  function arrive(
    arrival: { kind: 'tip'; tip: TipRow } | { kind: 'notice'; notice: NoticeRow }
  ): void {
    if (!keepUndelivered) return
    const row = { ...arrival, number: undeliveredCount++ }
    writes.push({ table: 'undelivered', scope: '', id: String(row.number), row })
  }

  function take(event: FeedEvent): void {
    switch (event.kind) {
      case 'joined': {
        const { groupID, membershipEpoch } = event
        const group = groupOf(groupID)
        if (group && group.membershipEpoch >= membershipEpoch) return
        if (group) drop(groupID)
        return hold({
          groupID,
          row: null,
          self: null,
          membershipEpoch,
          seq: 0,
          membersUpTo: '',
          settings: null,
          tipCount: 0,
          tipSeq: 0
        })
      }
      case 'left': {
        const group = groupOf(event.groupID)
        if (group && group.membershipEpoch <= event.membershipEpoch) drop(event.groupID)
        return
      }
      case 'notice': {
        const { kind, ...notice } = event
        // From the beginning of the feed, recent notices are told again.
        if (notice.fseq <= noticeSeq) return
        noticeSeq = notice.fseq
        if (notice.operationType === noticeTypes.applied) {
          const { groupID, operatorID: by, applicationSeq = 0 } = notice
          settleApplications(
            { groupID, applicant: by, upTo: applicationSeq },
            { state: 'replaced', by }
          )
        }
        writes.push(putNotice({ ...notice, number: noticeCount++, handled: null }))
        return arrive({ kind, notice })
      }
      case 'handled': {
        const { groupID, userID: applicant, applicationSeq, state, by } = event
        settleApplications({ groupID, applicant, upTo: applicationSeq }, { state, by })
        return
      }
      case 'unknown':
    }
  }

  /** An application is settled together with those of the same user before it. */
  function settleApplications(
    { groupID, applicant, upTo }: { groupID: string; applicant: string; upTo: number },
    handled: NonNullable<HeldNotice['handled']>
  ): void {
    const fresh = writes.flatMap(write =>
      write.table === 'notices' && 'row' in write && write.row ? write.row : []
    )
    const all = new Map([...notices.values(), ...fresh].map(notice => [notice.number, notice]))
    for (const notice of all.values())
      if (
        isApplication(notice, groupID, applicant) &&
        !notice.handled &&
        (notice.applicationSeq ?? 0) <= upTo
      )
        writes.push(putNotice({ ...notice, handled }))
  }

  /** The tips that are new; the last of many, as the ring holds no more. */
  function takeTips(
    group: HeldGroup,
    tips: readonly TipRow[]
  ): Pick<HeldGroup, 'tipCount' | 'tipSeq'> {
    const fresh = tips.filter(({ seq }) => seq > group.tipSeq)
    fresh.forEach((tip, index) => {
      const row = { ...tip, number: group.tipCount + index }
      writes.push({ table: 'tips', scope: group.groupID, id: ringPlace(row.number), row })
      arrive({ kind: 'tip', tip })
    })
    return { tipCount: group.tipCount + fresh.length, tipSeq: fresh.at(-1)?.seq ?? group.tipSeq }
  }

  function conclude(pending: Pending, verdict: Verdict): void {
    outbox.delete(pending.opID)
    writes.push(...finish(pending, verdict))
  }

  /** Whether the rows hold the effect, or will never come. */
  function isReached({ groupID, seq }: { groupID: string; seq: number }): boolean {
    const group = groupOf(groupID)
    return !group || group.seq >= seq
  }

  /** The whole feed was told: what is not in it is no longer followed. */
  function keepOnly(events: readonly FeedEvent[]): void {
    const followed = new Set(
      events.flatMap(event => (event.kind === 'joined' ? event.groupID : []))
    )
    for (const groupID of new Set([...heldGroups.keys(), ...changed.keys()]))
      if (!followed.has(groupID)) drop(groupID)
  }

  function takeFeed({ from, to, events }: FeedDelta): boolean {
    if (from > feed || (from > 0 && events.length !== to - from)) return false
    if (to <= feed) return true
    // From the beginning on, what is told is all there is.
    if (from === 0) keepOnly(events)
    for (const event of events) if (event.fseq > feed) take(event)
    feed = to
    return true
  }

  /** Whether the delta continues where the group stands, or behind. */
  function advance({
    groupID,
    membershipEpoch,
    from,
    to,
    group: row,
    members,
    gone,
    complete,
    settings,
    tips
  }: GroupDelta): boolean {
    const group = groupOf(groupID)
    const isWhole = from === 0
    // Of another membership, or already known; what is told anew at the same position mends what is wrong here.
    if (
      !group ||
      group.membershipEpoch !== membershipEpoch ||
      to < group.seq ||
      (to === group.seq && !isWhole)
    )
      return true
    if (from > group.seq) return false
    if (isWhole)
      writes.push(
        { table: 'members', scope: groupID, empty: true },
        { table: 'members', scope: groupID, block: members }
      )
    else for (const member of members) writes.push(putMember(member))
    for (const id of gone) writes.push({ table: 'members', scope: groupID, id, row: null })
    hold({
      groupID,
      row,
      self:
        members.find(member => member.userID === userID) ??
        (isWhole || gone.includes(userID) ? null : group.self),
      membershipEpoch,
      seq: to,
      membersUpTo: isWhole ? (complete ? null : '') : group.membersUpTo,
      settings: settings ?? group.settings,
      ...takeTips(group, tips)
    })
    return true
  }

  function settle(verdict: Verdict): void {
    const pending = outbox.get(verdict.opID)
    if (!pending) return
    if (verdict.kind === 'rejected' || isReached(verdict)) conclude(pending, verdict)
    else {
      const waiting = { ...pending, applied: verdict }
      outbox.set(verdict.opID, waiting)
      writes.push({ table: 'outbox', scope: '', id: verdict.opID, row: waiting })
    }
  }

  /** An applied operation leaves the view when the rows hold its effect, and not before. */
  function settleReached(): void {
    for (const pending of outbox.values())
      if (pending.applied && isReached(pending.applied)) conclude(pending, pending.applied)
  }

  return {
    drop,
    settleReached,

    /** Whether nothing is missing before the message. */
    delta({ feed, groups, verdicts }: DeltaMessage): boolean {
      if (feed && !takeFeed(feed)) return false
      if (!groups.every(advance)) return false
      verdicts.forEach(settle)
      settleReached()
      return true
    },

    page({ groupID, membershipEpoch, asOf, after, members, next }: MembersMessage): true {
      const group = groupOf(groupID)
      // A page of another moment says nothing about this one, nor does one that continues what is no longer held, because
      // the group was told anew meanwhile; it is asked for again.
      if (
        group?.membershipEpoch === membershipEpoch &&
        group.seq === asOf &&
        group.membersUpTo === after
      ) {
        writes.push({ table: 'members', scope: groupID, block: members })
        hold({ ...group, membersUpTo: next })
      }
      return true
    },

    /** All that is to be written; of a group and of the position, only what they have come to. */
    end(): readonly Write[] {
      for (const [id, row] of changed) writes.push({ table: 'groups', scope: '', id, row })
      const row = { ...meta, feed, noticeCount, noticeSeq, undeliveredCount }
      if (feed > meta.feed || undeliveredCount > meta.undeliveredCount)
        writes.push({ table: 'meta', scope: '', id: '', row })
      return writes
    }
  }
}

/** Whether all members of a group are held. Of those in an AVChatRoom nobody is told. */
export const isWhole = (group: HeldGroup): group is HeldGroup & { readonly row: GroupRow } =>
  group.row !== null && group.row.type !== 'AVChatRoom' && group.membersUpTo === null

/** Whether a notice tells of this user's wish to join this group. */
export const isApplication = (
  { operationType, ...notice }: NoticeRow,
  groupID: string,
  applicant: string
): boolean =>
  operationType === noticeTypes.applied &&
  notice.groupID === groupID &&
  notice.operatorID === applicant
