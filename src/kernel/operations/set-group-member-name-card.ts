import { groupID, name, optional, userID, type ArgsOf } from '../args.ts'
import { accept, defineOperation, onGroup, targetMember } from '../decision.ts'
import { limits } from '../limits.ts'
import { memberKey, putMember } from '../model.ts'
import { permissions, targetPermissions } from '../permissions.ts'

const args = {
  groupID,
  userID: optional(userID),
  nameCard: name({ bytesMax: limits.nameCardBytesMax, filled: false })
}

/** Seed: "Modifying a group member's name card"; one's own unless said otherwise. An empty one clears it. */
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
