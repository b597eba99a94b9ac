import { type ArgsOf } from '../args.ts'
import { groupID, userID } from '../ids.ts'
import { accept, defineOperation, onGroup, targetMember, unknown } from '../decision.ts'
import { memberKey, putGroup, putMember, putMute } from '../model.ts'
import { tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'
import { targetPermissions } from '../target-permissions.ts'

const args = { groupID, newOwnerID: userID }

/** The former owner becomes a common member. The new owner is unmuted. */
export const changeGroupOwner = defineOperation({
  args,
  needs: ({ groupID, newOwnerID }, _actor, group) =>
    [newOwnerID, group?.ownerID].flatMap(userID => (userID ? memberKey({ groupID, userID }) : [])),
  givesRoles: ({ newOwnerID }, actor) => [
    { userID: newOwnerID, role: 'Owner' },
    { userID: actor, role: 'Member' }
  ],
  decide: onGroup(
    () => [permissions.changeGroupOwner],
    (facts, { groupID, newOwnerID }: ArgsOf<typeof args>, ctx, view) => {
      const target = targetMember(targetPermissions.changeGroupOwner, facts, newOwnerID, {
        ctx,
        view
      })
      if (!target.ok) return target.answer
      const { group } = facts
      const former = memberKey({ groupID, userID: group.ownerID })
      const owner = group.ownerID === '' ? null : view.get(former)
      if (owner === undefined) return unknown([former])
      const { row } = target
      return accept(
        [
          putGroup({
            ...group,
            ownerID: newOwnerID,
            lastInfoTime: ctx.now,
            infoSequence: group.infoSequence + 1
          }),
          putMember({ ...row, role: 'Owner', muteUntil: 0 }),
          ...(row.muteUntil > 0 ? [putMute({ groupID, userID: newOwnerID, muteUntil: 0 })] : []),
          ...(owner ? [putMember({ ...owner, role: 'Member' })] : [])
        ],
        { groupID },
        {
          tip: {
            operationType: tipTypes.profileUpdated,
            userIDList: [],
            newGroupProfile: { ownerID: newOwnerID }
          }
        }
      )
    }
  )
})
