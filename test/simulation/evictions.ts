/** I25: only a refused write removes members, once, and not those that its tab shows. */

import type { Write } from '../../src/storage/port.ts'
import type { Tab } from './tab.ts'
import type { World } from './world.ts'

/** `askedAtMs`: the time of the request. The writes have no effect yet. */
export type OwnCommit = {
  readonly tab: Tab
  readonly writes: readonly Write[]
  readonly askedAtMs: number
}

export function checkEviction(world: World, { tab, writes, askedAtMs }: OwnCommit): void {
  const groupIDs = evictedBy(writes)
  if (groupIDs.length === 0) return
  world.note(`${tab.name} evicts ${groupIDs.join(' ')}`)
  if (++tab.evictions > tab.door.refusals())
    world.violate('I25', `${tab.name} removes members, and storage has not refused a write`)
  for (const groupID of groupIDs) {
    const shownSinceMs = tab.screen.member(groupID).members?.shownSinceMs ?? Infinity
    if (shownSinceMs < askedAtMs)
      world.violate('I25', `${tab.name} removes members of ${groupID}, and shows them`)
  }
}

/** A full snapshot empties the members too, but not the tips. */
function evictedBy(writes: readonly Write[]): string[] {
  if (writes.some(({ table }) => !['members', 'groups', 'tips'].includes(table))) return []
  const keeps = (groupID: string) =>
    writes.some(
      write => write.table === 'groups' && 'id' in write && write.id === groupID && write.row
    )
  return writes.flatMap(write =>
    write.table === 'tips' && 'empty' in write && keeps(write.scope) ? write.scope : []
  )
}
