/** Whoever says `caughtUp` has sent what waits, and shows what the server has: not at once, but within bounds. */

import type { Disk } from './disk.ts'
import { followedBy, latest, type History } from './history.ts'
import { differences, type Ledger } from './ledger.ts'
import type { World } from './world.ts'

export type FreshnessOptions = {
  readonly name: string
  readonly userID: string
  readonly disk: Disk
  readonly ledger: Ledger
  readonly history: () => History
  /** Whether the tab that talks to the server says that it has caught up. */
  isCaughtUp(): boolean
  /** Whether network, storage and server are as they should be, or only what a ping mends has happened. */
  disturbance(): 'none' | 'until the next ping' | 'any'
}

/** An operation is sent, and has its verdict, within so much time. */
const verdictWithinMs = 45_000
/** Rows follow the server's within so much time, and what announcements lost is found out by a ping. */
const rowsWithinMs = { none: 8000, 'until the next ping': 75_000 } as const

export function createFreshness(world: World, options: FreshnessOptions) {
  const { name, userID, disk, ledger, history, isCaughtUp, disturbance } = options
  /** Operations that wait, and since when. */
  let waitingSince = new Map<string, number>()
  /** Groups that stand elsewhere than on the server, since when, and where. */
  let lagging = new Map<string, { readonly seq: number; readonly since: number }>()

  function forget(): void {
    waitingSince = new Map()
    lagging = new Map()
  }

  function checkOutbox(): void {
    const before = waitingSince
    waitingSince = new Map()
    for (const { opID, applied } of disk.table('outbox').values()) {
      if (applied || ledger.accounts.get(opID)?.verdict) continue
      const since = before.get(opID) ?? world.now()
      waitingSince.set(opID, since)
      if (world.now() - since > verdictWithinMs)
        world.violate(
          'I11',
          `${name} is caught up, and ${opID} has waited ${world.now() - since} ms`
        )
    }
  }

  function checkRows(withinMs: number): void {
    const before = lagging
    lagging = new Map()
    const held = disk.table('groups')
    for (const [groupID, membershipEpoch] of followedBy(history(), userID)) {
      const group = held.get(groupID)
      const last = latest(history(), groupID)
      const seq = group?.membershipEpoch === membershipEpoch ? group.seq : -1
      if (seq === last.seq) continue
      // What others set for themselves moves the group on without changing anything here.
      const [wrong] =
        group && seq >= 0
          ? differences(group, disk.table('members', groupID), last, userID)
          : ['it is not held']
      if (wrong === undefined) continue
      const known = before.get(groupID)
      const since = known?.seq === seq ? known.since : world.now()
      lagging.set(groupID, { seq, since })
      if (world.now() - since > withinMs)
        world.violate(
          'I11',
          `${name} is caught up for ${world.now() - since} ms, but ${groupID}: ${wrong}`
        )
    }
  }

  const kind = () => (isCaughtUp() ? disturbance() : 'any')

  return {
    look(): void {
      const now = kind()
      if (now === 'any') return
      checkOutbox()
      checkRows(rowsWithinMs[now])
    },
    /** Notices what disturbs, after every step. */
    check(): void {
      if (lagging.size + waitingSince.size > 0 && kind() === 'any') forget()
    }
  }
}
