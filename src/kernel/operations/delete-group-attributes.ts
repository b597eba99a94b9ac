import type { ArgsOf } from '../args.ts'
import { attributeKeys, entriesNeeded, onEntries } from '../entries.ts'
import { defineOperation } from '../decision.ts'
import { groupID } from '../ids.ts'

const args = { groupID, keyList: attributeKeys }

/** Removes attributes of a group. An empty list removes all. The result has the removed keys. */
export const deleteGroupAttributes = defineOperation({
  args,
  needs: entriesNeeded('attributes'),
  decide: onEntries('attributes', (entries, { keyList }: ArgsOf<typeof args>) => {
    const isRemoved = (key: string) => keyList.length === 0 || keyList.includes(key)
    return {
      entries: entries.filter(({ key }) => !isRemoved(key)),
      result: { keyList: entries.flatMap(({ key }) => (isRemoved(key) ? key : [])) }
    }
  })
})
