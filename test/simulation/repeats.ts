/** I26: an app repeats a call under its ID, because the answer is lost (4510). */

import type { OperationName } from '../../src/kernel/decide.ts'
import type { Write } from '../../src/storage/port.ts'
import type { Disk } from './disk.ts'
import type { Ledger } from './ledger.ts'
import type { Tab } from './tab.ts'
import type { World } from './world.ts'

export type Call = { readonly operation: OperationName; readonly args: object }

type RepeatOptions = {
  readonly name: string
  readonly disk: Disk
  readonly ledger: Ledger
  /** The same tab, or the next one if it has died. */
  tabFor(first: Tab): Tab | undefined
  /** Whether the tab knows all that is stored. */
  isInformed(tab: Tab): boolean
  /** The app calls `apply` in that tab. */
  call(tab: Tab, call: Call, opID: string): Promise<object>
}

const repeatedChance = 0.08

export function createRepeats(world: World, options: RepeatOptions) {
  const { name, disk, ledger, tabFor, isInformed, call } = options
  const random = world.random('repeats', name)
  /** Operations whose call was repeated in a tab that knew them. */
  const known = new Set<string>()
  let count = 0

  async function repeat(first: Tab, each: Call, opID: string): Promise<void> {
    const tab = tabFor(first)
    if (!tab) return
    const isStored = disk.table('outbox').has(opID) || disk.table('verdicts').has(opID)
    const isKnown = isStored && isInformed(tab)
    if (isKnown) known.add(opID)
    else ledger.expectRepeats([opID])
    world.note(`${tab.name} repeats ${opID}`)
    const answer = await call(tab, each, opID)
    const account = ledger.accounts.get(opID)
    const isOther = 'groupID' in answer && answer.groupID !== account?.groupID
    if (isKnown && account && tab.isAlive && isOther)
      world.violate('I26', `${tab.name} answers a repeated call with another group`)
  }

  return {
    /** The ID of a call that the app repeats later. */
    begin(tab: Tab, each: Call): string | undefined {
      if (!random.chance(repeatedChance)) return undefined
      const opID = `${name}r${count++}-0`.padEnd(22, '_')
      const delayMs = random.around(random.pick([1, 300, 20_000]))
      world.at(world.now() + delayMs, () => void repeat(tab, each, opID))
      return opID
    },
    /** Storage has lost operations, so tabs store them again. */
    forget: () => known.clear(),
    check(write: Write): void {
      const isStored = write.table === 'outbox' && 'id' in write && write.row && !write.row.applied
      if (isStored && known.has(write.id))
        world.violate('I26', `${name}: ${write.id} is stored again, and it was known`)
    }
  }
}
