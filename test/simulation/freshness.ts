/** I11: a device that says `caughtUp` has sent its operations and has the server's rows in time. */

import type { Disk } from './disk.ts'
import { followedBy, latest, type History } from './history.ts'
import { differences, entriesOf, type Ledger } from './ledger.ts'
import type { World } from './world.ts'

export type FreshnessOptions = {
  readonly name: string
  readonly userID: string
  readonly disk: Disk
  readonly ledger: Ledger
  readonly history: () => History
  /** Whether the leader says that it has caught up. */
  isCaughtUp(): boolean
  /** The disturbance of network, storage and server. A ping mends the middle one. */
  disturbance(): 'none' | 'until the next ping' | 'any'
}

/** The bound from enqueueing to the verdict. */
const verdictWithinMs = 45_000
/** The bounds until rows equal the server's. A ping detects lost announcements. */
const rowsWithinMs = { none: 8000, 'until the next ping': 75_000 } as const

export function createFreshness(world: World, options: FreshnessOptions) {
  const { name, userID, disk, ledger, history, isCaughtUp, disturbance } = options
  /** The start time of each operation's wait. */
  let waitingSince = new Map<string, number>()
  /** Groups at another position than the server's, with that position and its start time. */
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
      // Other users' own settings raise the group's position without a change of rows here.
      const [wrong] =
        group && seq >= 0
          ? differences(
              group,
              entriesOf(disk, groupID),
              disk.table('members', groupID),
              last,
              userID
            )
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
    compare(): void {
      const now = kind()
      if (now === 'any') return
      checkOutbox()
      checkRows(rowsWithinMs[now])
    },
    /** Records disturbances after every step. */
    check(): void {
      if (lagging.size + waitingSince.size > 0 && kind() === 'any') forget()
    }
  }
}
