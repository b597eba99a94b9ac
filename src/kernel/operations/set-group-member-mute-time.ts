import { count, type ArgsOf } from '../args.ts'
import { groupID, userID } from '../ids.ts'
import { accept, defineOperation, onGroup, targetMember } from '../decision.ts'
import { limits } from '../limits.ts'
import { memberKey, putMember, putMute } from '../model.ts'
import { tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'
import { targetPermissions } from '../target-permissions.ts'

const args = { groupID, userID, muteTime: count({ min: 0, max: limits.muteSecondsMax }) }

/** A mute ends by the clock, without a message. Leaving the group does not end it. */
export const setGroupMemberMuteTime = defineOperation({
  args,
  needs: user => [memberKey(user)],
  decide: onGroup(
    () => [permissions.setGroupMemberMuteTime],
    (facts, { groupID, userID, muteTime }: ArgsOf<typeof args>, ctx, view) => {
      const target = targetMember(targetPermissions.setGroupMemberMuteTime, facts, userID, {
        ctx,
        view
      })
      if (!target.ok) return target.answer
      const { row } = target
      const muteUntil = muteTime === 0 ? 0 : Math.min(ctx.now + muteTime, limits.muteSecondsMax)
      return accept(
        row.muteUntil !== muteUntil
          ? [putMember({ ...row, muteUntil }), putMute({ groupID, userID, muteUntil })]
          : [],
        { groupID, userID },
        {
          tip: {
            operationType: tipTypes.memberMuted,
            userIDList: [],
            memberList: [{ userID, muteTime }]
          }
        }
      )
    }
  )
})
