/** Checks every commit of a device, and keeps an account of each of its operations. */

import { isDeepStrictEqual } from 'node:util'
import {
  sameRow,
  type EntriesRow,
  type EntriesTable,
  type GroupRow,
  type MemberRow,
  type SettingsRow
} from '../../src/kernel/model.ts'
import type { Verdict } from '../../src/kernel/verdict.ts'
import type { Write } from '../../src/storage/port.ts'
import type { HeldGroup, Pending } from '../../src/storage/tables.ts'
import type { Disk } from './disk.ts'
import { latest, momentOf, followedAt, type History, type Moment } from './history.ts'
import type { SimulatedServer } from './server.ts'
import type { World } from './world.ts'

/** An accepted operation of this device. In the end it has one verdict. */
export type Account = {
  readonly opID: string
  readonly groupID: string
  verdict: Verdict | undefined
  /** The data of the server at the verdict. */
  epoch?: string
}

export type Ledger = {
  readonly accounts: Map<string, Account>
  /** Pending operations that a copied device may send too, also those that `hello` does not name. */
  readonly shared: Set<string>
  /** Operations that the logout of another tab destroyed, perhaps before their call's answer. */
  readonly forgotten: ReadonlySet<string>
  check(disk: Disk, writes: readonly Write[], apply: () => void): void
  /**
   * A tab may store these operations again after their verdicts. The server repeats a verdict, and
   * `judge` compares the two.
   */
  expectRepeats(opIDs: Iterable<string>): void
  /** Checks that a logout may destroy the stored rows. */
  checkDestroyed(): void
  /** Forgets operations without a verdict, or only these. */
  forget(only?: ReadonlySet<string>): void
}

export type LedgerOptions = {
  readonly name: string
  readonly userID: string
  readonly copied?: Ledger
  /** A server of a newer build sends unknown events between the known ones. */
  readonly eventsPerEvent: number
}

export function createLedger(
  world: World,
  server: SimulatedServer,
  options: LedgerOptions
): Ledger {
  const { name, userID, copied, eventsPerEvent } = options
  const forgotten = new Set<string>()
  const repeatable = new Set<string>()
  /** Repeated operations whose effect the rows had before. Their device does not know it. */
  const shownBefore = new Set<string>()
  const accounts = new Map(
    [...(copied?.accounts ?? [])].map(([opID, account]) => [opID, { ...account }])
  )
  const shared = new Set([...accounts.values()].flatMap(each => (each.verdict ? [] : each.opID)))
  for (const opID of shared) copied?.shared.add(opID)
  const wrong = (invariant: string, detail: string) =>
    world.violate(invariant, `${name}: ${detail}`)
  const show = (value: unknown) => JSON.stringify(value)

  function open(disk: Disk, pending: Pending): void {
    const { opID, groupID } = pending
    const account = accounts.get(opID)
    const history = server.historyOf(disk.table('meta').get('')?.epoch ?? '')
    const isRepeated = repeatable.has(opID) && !disk.table('outbox').has(opID)
    if (isRepeated && history && hasEffect(disk, history, pending)) shownBefore.add(opID)
    if (account?.verdict && !repeatable.has(opID))
      wrong('I4', `${opID} waits again after its verdict`)
    // The server has not given this verdict, so it can give another one.
    if (account?.verdict && isLocal(account.verdict)) account.verdict = undefined
    if (!account) accounts.set(opID, { opID, groupID, verdict: undefined })
  }

  function judge(verdict: Verdict): void {
    // Storage failed after the call had settled, or another tab was first to retry the operation.
    // So the operation never entered the outbox.
    const isLost = isLocal(verdict) && verdict.error.reason !== 'Discarded'
    if (isLost && !accounts.has(verdict.opID))
      accounts.set(verdict.opID, {
        opID: verdict.opID,
        groupID: verdict.groupID,
        verdict: undefined
      })
    const account = accounts.get(verdict.opID)
    if (!account) return wrong('I4', `a verdict on ${verdict.opID}, which nobody has asked for`)
    const { epoch } = server.history()
    // A restored backup may lack the verdict, so the server judges once more.
    const isForgotten = repeatable.has(verdict.opID) && account.epoch !== epoch
    if (account.verdict && !isForgotten && !isDeepStrictEqual(account.verdict, verdict))
      return wrong(
        'I4',
        `${verdict.opID} gets another verdict: ${show(account.verdict)}, ${show(verdict)}`
      )
    account.verdict = verdict
    account.epoch = epoch
    // No operation waits that long here, despite wrong clocks.
    if (verdict.kind === 'rejected' && verdict.error.reason === 'OperationExpired')
      wrong('I16', `${verdict.opID} is refused as expired`)
  }

  function checkOutbox(disk: Disk, removed: ReadonlySet<string>): void {
    const outbox = disk.table('outbox')
    for (const opID of removed)
      if (!outbox.has(opID) && !accounts.get(opID)?.verdict)
        wrong('I4', `${opID} is gone without a verdict`)
  }

  function checkReached(disk: Disk, verdict: Verdict, begun: ReadonlySet<string>): void {
    // The verdicts of a logout do not wait for rows that it destroys.
    if (verdict.kind === 'rejected' || disk.table('lease').get('')?.isSealed) return
    const held = disk.table('groups').get(verdict.groupID)
    // After a rejoin in the same commit, the group has no rows to show yet.
    if (held && !held.row && begun.has(verdict.groupID)) return
    if (held && held.seq < verdict.seq)
      wrong('I3', `the verdict on ${verdict.opID} is of ${verdict.seq}, the rows of ${held.seq}`)
  }

  function checkGroup(disk: Disk, history: History, groupID: string): void {
    const held = disk.table('groups').get(groupID)
    const members = disk.table('members', groupID)
    if (!held) {
      const entries = Object.values(entriesOf(disk, groupID)).filter(Boolean)
      if (members.size + disk.table('tips', groupID).size + entries.length > 0)
        wrong('I10', `rows of ${groupID} remain`)
      return
    }
    const moment = momentOf(history, groupID, held.seq)
    if (!held.row) {
      if (held.seq !== 0 || members.size > 0)
        wrong('I3', `${groupID} has no profile at ${held.seq}`)
    } else if (!moment?.row)
      wrong('I2', `${groupID} stands at ${held.seq}, where the server never was`)
    else
      for (const detail of differences(held, entriesOf(disk, groupID), members, moment, userID))
        wrong('I2', `${groupID} at ${held.seq}: ${detail}`)
  }

  function hasEffect(
    disk: Disk,
    { applied }: History,
    { opID, groupID }: Pick<Pending, 'opID' | 'groupID'>
  ): boolean {
    const entry = applied.get(`${userID}/${groupID}/${opID}`)
    const held = disk.table('groups').get(groupID)
    if (entry === undefined || held === undefined || held.seq < entry.seq) return false
    // Rows of a later group with this ID show nothing of the operation. A lost frame with the verdict
    // is then not noticed, because the later group has no gap.
    return ![...applied].some(
      ([key, { name, seq }]) =>
        key.includes(`/${groupID}/`) && name === 'createGroup' && seq > entry.seq && seq <= held.seq
    )
  }

  /** With I1: no view shows the effect of an operation together with its prediction. */
  function checkOnce(disk: Disk, history: History, before: readonly Pending[]): void {
    const outbox = disk.table('outbox')
    for (const { opID, groupID } of before) {
      if (shared.has(opID) || shownBefore.has(opID)) continue
      if (outbox.has(opID) && hasEffect(disk, history, { opID, groupID }))
        wrong('I9', `${opID} waits, and the rows of ${groupID} have its effect`)
    }
  }

  function checkFollowed(disk: Disk, history: History): void {
    const meta = disk.table('meta').get('')
    const followed = followedAt(history, userID, (meta?.feed ?? 0) / eventsPerEvent)
    if (!followed) return wrong('I3', `the feed stands at ${meta?.feed}, where it never was`)
    const held = disk.table('groups')
    for (const [groupID, membershipEpoch] of followed)
      if (held.get(groupID)?.membershipEpoch !== membershipEpoch)
        wrong(
          'I3',
          `${groupID} should be held, membership ${membershipEpoch}: ${show(held.get(groupID))}`
        )
    for (const groupID of held.keys())
      if (!followed.has(groupID)) wrong('I10', `${groupID} is held, and should not be`)
  }

  /** A position rises, or the group is forgotten and begins at 0. */
  function checkForward(before: HeldGroup, after: HeldGroup): void {
    if (
      after.membershipEpoch < before.membershipEpoch ||
      (after.membershipEpoch === before.membershipEpoch && after.seq < before.seq)
    )
      wrong(
        'I5',
        `${after.groupID} goes back from ${before.membershipEpoch}:${before.seq} ` +
          `to ${after.membershipEpoch}:${after.seq}`
      )
  }

  return {
    accounts,
    shared,
    forgotten,
    check(disk, writes, apply) {
      const removed = new Set<string>()
      const groups = new Set<string>()
      const verdicts: Verdict[] = []
      const before = new Map<string, HeldGroup>()
      /** Groups with a new membership. */
      const begun = new Set<string>()
      const meta = disk.table('meta').get('')
      const waiting = [...disk.table('outbox').values()]
      let positions = false
      for (const write of writes) {
        if (write.table === 'outbox' && 'id' in write) {
          if (write.row) open(disk, write.row)
          else if (disk.table('outbox').has(write.id)) removed.add(write.id)
        } else if (write.table === 'verdicts' && 'id' in write && write.row)
          verdicts.push(write.row.verdict)
        else if (write.table === 'groups' && 'id' in write) {
          positions = true
          groups.add(write.id)
          const held = write.row
            ? (before.get(write.id) ?? disk.table('groups').get(write.id))
            : undefined
          if (write.row && held) checkForward(held, write.row)
          if (write.row && held?.membershipEpoch !== write.row.membershipEpoch) begun.add(write.id)
          if (write.row) before.set(write.id, write.row)
          else before.delete(write.id)
        } else if (write.table === 'meta') positions = true
        else if (write.table === 'members' || write.table === 'tips') groups.add(write.scope)
        else if ((write.table === 'attributes' || write.table === 'counters') && 'id' in write)
          groups.add(write.id)
      }
      for (const verdict of verdicts) judge(verdict)
      apply()
      world.note(
        `${name} commits ${writes.length} ${show(disk.table('meta').get('')?.feed ?? 0)} ` +
          [...groups].join(' ')
      )
      checkOutbox(disk, removed)
      for (const verdict of verdicts) checkReached(disk, verdict, begun)
      const now = disk.table('meta').get('')
      if (now && meta?.epoch === now.epoch && now.feed < meta.feed && now.feed > 0)
        wrong('I5', `the feed goes back to ${now.feed}`)
      if (!positions && groups.size === 0) return
      const history = now && server.historyOf(now.epoch)
      if (!history)
        return disk.table('groups').size > 0 ? wrong('I3', 'rows without an epoch') : undefined
      for (const groupID of groups) checkGroup(disk, history, groupID)
      checkOnce(disk, history, waiting)
      if (positions) checkFollowed(disk, history)
    },
    expectRepeats(opIDs) {
      for (const opID of opIDs) repeatable.add(opID)
    },
    forget(only) {
      for (const { opID, verdict } of accounts.values())
        if (!verdict && (only?.has(opID) ?? true)) {
          accounts.delete(opID)
          forgotten.add(opID)
        }
    },
    checkDestroyed() {
      const open = [...accounts.values()].filter(({ verdict }) => !verdict)
      if (open.length > 0)
        wrong('I4', `${open.map(({ opID }) => opID).join(' ')} destroyed without a verdict`)
    }
  }
}

const isLocal = (verdict: Verdict): verdict is Extract<Verdict, { kind: 'rejected' }> =>
  verdict.kind === 'rejected' &&
  ['Discarded', 'StorageFailed', 'StorageFull', 'UnknownOperationID'].includes(verdict.error.reason)

type ComparedRow = GroupRow | MemberRow | SettingsRow | EntriesRow
const same = <R extends ComparedRow>(a: R | null | undefined, b: R | null | undefined): boolean =>
  a && b ? sameRow<ComparedRow>(a, b) : !a && !b

export const entriesOf = (disk: Disk, groupID: string) => ({
  attributes: disk.table('attributes').get(groupID),
  counters: disk.table('counters').get(groupID)
})

/** The differences between a stored group and the server's at the same position. */
export function* differences(
  { row, self, membersUpTo, settings }: HeldGroup,
  entries: ReturnType<typeof entriesOf>,
  members: ReadonlyMap<string, MemberRow>,
  moment: Moment,
  userID: string
): Generator<string> {
  if (!same(row, moment.row))
    yield `profile ${JSON.stringify(row)}, not ${JSON.stringify(moment.row)}`
  if (!same(self, moment.members.get(userID))) yield `self ${JSON.stringify(self)}`
  if (!same(settings, moment.settings.get(userID))) yield `settings ${JSON.stringify(settings)}`
  for (const [table, held] of Object.entries(entries))
    if (!same(held, moment.entries.get(table as EntriesTable)))
      yield `${table} ${JSON.stringify(held)}`
  const visible =
    row?.type === 'AVChatRoom'
      ? [...moment.members].filter(([id]) => id === userID)
      : [...moment.members]
  const expected = new Map(visible)
  for (const [id, member] of members)
    if (!same(member, expected.get(id))) yield `member ${JSON.stringify(member)}`
  if (membersUpTo === null)
    for (const id of expected.keys()) if (!members.has(id)) yield `member ${id} is missing`
}

/** The differences between a device at rest and the server. */
export function* missing(
  disk: Disk,
  history: History,
  userID: string,
  followed: ReadonlyMap<string, number>
): Generator<string> {
  const held = disk.table('groups')
  for (const groupID of held.keys()) if (!followed.has(groupID)) yield `${groupID} is held`
  for (const [groupID, membershipEpoch] of followed) {
    const group = held.get(groupID)
    if (group?.membershipEpoch !== membershipEpoch) yield `${groupID} is not held`
    else {
      const entries = entriesOf(disk, groupID)
      const members = disk.table('members', groupID)
      yield* differences(group, entries, members, latest(history, groupID), userID)
    }
  }
  if (disk.table('outbox').size > 0) yield `${[...disk.table('outbox').keys()].join(' ')} wait`
}
