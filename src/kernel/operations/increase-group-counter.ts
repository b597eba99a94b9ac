import type { ArgsOf } from '../args.ts'
import { addToCounter, counterKey, counterValue, entriesNeeded, onEntries } from '../entries.ts'
import { defineOperation } from '../decision.ts'
import { groupID } from '../ids.ts'

const args = { groupID, key: counterKey, value: counterValue }

/** Adds to a counter of a group. A new counter starts at 0. */
export const increaseGroupCounter = defineOperation({
  args,
  needs: entriesNeeded('counters'),
  decide: onEntries('counters', (entries, { key, value }: ArgsOf<typeof args>) =>
    addToCounter(entries, key, value)
  )
})
