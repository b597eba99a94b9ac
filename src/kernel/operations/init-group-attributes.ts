import type { ArgsOf } from '../args.ts'
import { entriesNeeded, groupAttributes, onEntries } from '../entries.ts'
import { defineOperation } from '../decision.ts'
import { groupID } from '../ids.ts'
import { setEntries } from '../model.ts'

const args = { groupID, groupAttributes }

/** Replaces all attributes of a group. */
export const initGroupAttributes = defineOperation({
  args,
  needs: entriesNeeded('attributes'),
  decide: onEntries('attributes', (_entries, { groupAttributes }: ArgsOf<typeof args>) => ({
    entries: setEntries([], groupAttributes),
    result: {}
  }))
})
