import type { ArgsOf } from '../args.ts'
import { entriesNeeded, groupAttributes, onEntries } from '../entries.ts'
import { defineOperation } from '../decision.ts'
import { groupID } from '../ids.ts'
import { setEntries } from '../model.ts'

const args = { groupID, groupAttributes }

/** Adds attributes to a group, or replaces those of the same key. */
export const setGroupAttributes = defineOperation({
  args,
  needs: entriesNeeded('attributes'),
  decide: onEntries('attributes', (entries, { groupAttributes }: ArgsOf<typeof args>) => ({
    entries: setEntries(entries, groupAttributes),
    result: {}
  }))
})
