import type { ArgsOf } from '../args.ts'
import { entriesNeeded, groupCounters, onEntries } from '../entries.ts'
import { defineOperation } from '../decision.ts'
import { groupID } from '../ids.ts'
import { setEntries } from '../model.ts'

const args = { groupID, counters: groupCounters }

/** Adds counters to a group, or sets those of the same key. */
export const setGroupCounters = defineOperation({
  args,
  needs: entriesNeeded('counters'),
  decide: onEntries('counters', (entries, { counters }: ArgsOf<typeof args>) => ({
    entries: setEntries(entries, counters),
    result: {}
  }))
})
