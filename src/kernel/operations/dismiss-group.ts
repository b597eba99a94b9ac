import { groupID } from '../ids.ts'
import { accept, defineOperation, onGroup } from '../decision.ts'
import { dropGroup } from '../model.ts'
import { noticeTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'

export const dismissGroup = defineOperation({
  args: { groupID },
  decide: onGroup(
    () => [permissions.dismissGroup],
    (_facts, _args, { groupID }) =>
      accept(
        [dropGroup(groupID)],
        { groupID },
        { notices: [{ operationType: noticeTypes.dismissed, to: 'members' }] }
      )
  )
})
