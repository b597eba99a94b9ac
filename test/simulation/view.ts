/** I1: compares the shown and the expected rows of every changed group, after every step. */

import type { Status } from '../../src/engine/api.ts'
import { noticeTypes } from '../../src/kernel/notices.ts'
import type { Write } from '../../src/storage/port.ts'
import type { Pending } from '../../src/storage/tables.ts'
import type { Tab } from './tab.ts'
import type { Disk } from './disk.ts'
import { applicationState, isShown, seenOf } from './expected.ts'
import type { World } from './world.ts'

export type ViewCheck = {
  touch(writes: readonly Write[]): void
  touchGroup(groupID: string): void
  touchAll(): void
  /** Checks touched groups, unless a change is on its way that the tab cannot know yet. */
  check(): void
  /** Checks everything. False if a change is on its way. */
  checkAll(): boolean
}

/** The tab could not read its storage, and its status says so. */
export const isBroken = (status: Status | null): boolean =>
  ['StorageFailed', 'StorageFull'].includes(status?.lastError?.reason ?? '') &&
  status?.connection === 'offline' &&
  status.nextRetryAtMs === null

export function createView(
  world: World,
  { disk, userID, tab, isUnposted }: { disk: Disk; userID: string; tab: Tab; isUnposted(): boolean }
): ViewCheck {
  const touched = new Set<string>()
  let all = true
  let lists = true

  const waiting = (): Pending[] => [
    ...disk.table('outbox').values(),
    ...[...tab.inFlight.values()].map(({ pending }) => pending)
  ]

  /** Every group that a user can see. */
  function everything(operations: readonly Pending[]): Set<string> {
    const { groups } = tab.screen
    return new Set([
      ...disk.table('groups').keys(),
      ...operations.map(({ groupID }) => groupID),
      ...groups.ids
    ])
  }

  const wrong = (detail: string, ...values: unknown[]) =>
    world.violate(
      'I1',
      `${tab.name}: ${detail} ${values.map(value => JSON.stringify(value)).join(' ≠ ')}`
    )

  function checkGroup(groupID: string, operations: readonly Pending[]): void {
    const { group, members, entries } = seenOf(disk, userID, groupID, operations)
    const { groups } = tab.screen
    const listed = group?.selfInfo ? group : null
    if (!isShown(groups.rows.get(groupID), listed))
      return wrong(`${groupID} in the list`, groups.rows.get(groupID), listed)
    for (const table of ['attributes', 'counters'] as const) {
      const { isOpen, rows } = tab.screen[table]
      if (isOpen && !isShown(rows.get(groupID), entries[table]))
        return wrong(`${table} of ${groupID}`, rows.get(groupID), entries[table])
    }
    const shown = tab.screen.member(groupID)
    if (shown.group?.isOpen && !isShown(shown.group.value, group))
      return wrong(groupID, shown.group.value, group)
    if (!shown.members?.isOpen) return
    const { rows, ids } = shown.members
    for (const id of ids)
      if (!isShown(rows.get(id), members.get(id)))
        return wrong(`${id} of ${groupID}`, rows.get(id), members.get(id))
    for (const id of members.keys())
      if (!rows.has(id)) return wrong(`${id} of ${groupID} is missing`, members.get(id))
    const times = ids.flatMap(id => members.get(id)?.joinTime ?? [])
    if (times.some((time, index) => time < (times[index - 1] ?? 0)))
      wrong(`the order of ${groupID}`, ids)
  }

  function checkLists(operations: readonly Pending[]): void {
    const { outbox, verdicts, notices, groups } = tab.screen
    const sameSet = (ids: readonly string[], expected: Iterable<string>) => {
      const should = new Set(expected)
      return ids.length === should.size && ids.every(id => should.has(id))
    }
    if (
      outbox.isOpen &&
      !sameSet(
        outbox.ids,
        operations.map(({ opID }) => opID)
      )
    )
      wrong(
        'the outbox',
        outbox.ids,
        operations.map(({ opID }) => opID)
      )
    const refused = [...disk.table('verdicts').values()].flatMap(({ verdict }) =>
      verdict.kind === 'applied' ? [] : verdict.opID
    )
    if (verdicts.isOpen && !sameSet(verdicts.ids, refused))
      wrong('the verdicts', verdicts.ids, refused)
    const order = groups.ids.map(id => groups.rows.get(id)?.lastInfoTime ?? 0)
    if (order.some((time, index) => time > (order[index - 1] ?? Infinity)))
      wrong('the order of groups', groups.ids)
    if (!notices.isOpen) return
    for (const held of disk.table('notices').values()) {
      const shown = notices.rows.get(String(held.fseq))
      const application =
        held.operationType === noticeTypes.applied
          ? applicationState(held, seenOf(disk, userID, held.groupID, operations))
          : null
      if (!shown || shown.application !== application)
        return wrong(`the notice ${held.fseq}`, shown, { ...held, application })
    }
  }

  /** Whether a change is on its way, which the tab shows when it arrives. */
  const isBusy = () =>
    !tab.isAlive ||
    tab.stopped ||
    // A tab that closes during the read of missed writes gets no answer.
    (tab.hasMissed && tab.door.isClosed()) ||
    tab.mail > 0 ||
    tab.isUninformed ||
    tab.gate.isFrozen() ||
    tab.gate.isLate() ||
    isUnposted() ||
    disk.isWaiting() ||
    !tab.screen.groups.isOpen ||
    isBroken(tab.screen.status())

  function check(): void {
    if ((!all && !lists && touched.size === 0) || isBusy()) return
    const operations = waiting()
    for (const groupID of all ? everything(operations) : touched) checkGroup(groupID, operations)
    if (all || lists) checkLists(operations)
    touched.clear()
    all = lists = false
  }

  return {
    touch(writes) {
      for (const write of writes) {
        if (write.table === 'groups') {
          if ('id' in write) touched.add(write.id)
          else all = true
        } else if (write.table === 'members') touched.add(write.scope)
        else if (write.table === 'outbox') {
          const known =
            'id' in write ? (write.row ?? disk.table('outbox').get(write.id)) : undefined
          if (known) touched.add(known.groupID)
          else all = true
          lists = true
        } else if (write.table === 'notices') all = true
        else if (write.table === 'verdicts') lists = true
      }
    },
    touchGroup: groupID => void touched.add(groupID),
    touchAll: () => void (all = true),
    check,
    checkAll() {
      all = true
      const busy = isBusy() && !tab.isUninformed
      check()
      return !busy
    }
  }
}
