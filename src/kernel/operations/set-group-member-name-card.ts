import { optional, type ArgsOf } from '../args.ts'
import { groupID, userID } from '../ids.ts'
import { name } from '../profile-args.ts'
import { accept, defineOperation, onGroup, targetMember } from '../decision.ts'
import { limits } from '../limits.ts'
import { memberKey, putMember } from '../model.ts'
import { permissions } from '../permissions.ts'
import { targetPermissions } from '../target-permissions.ts'

const args = {
  groupID,
  userID: optional(userID),
  nameCard: name({ bytesMax: limits.nameCardBytesMax, filled: false })
}

/** Sets the name card of `userID` (default: the caller). An empty text removes it. */
export const setGroupMemberNameCard = defineOperation({
  args,
  needs: ({ groupID, userID }, actor) => [memberKey({ groupID, userID: userID ?? actor })],
  decide: onGroup(
    () => [permissions.setGroupMemberNameCard],
    (facts, { groupID, nameCard, ...given }: ArgsOf<typeof args>, ctx, view) => {
      const userID = given.userID ?? ctx.actor
      const target = targetMember(targetPermissions.setGroupMemberNameCard, facts, userID, {
        ctx,
        view
      })
      if (!target.ok) return target.answer
      const { row } = target
      return accept(row.nameCard !== nameCard ? [putMember({ ...row, nameCard })] : [], {
        groupID,
        userID
      })
    }
  )
})
