import { count, optional, text, type ArgsOf } from '../args.ts'
import { groupID, userIDList } from '../ids.ts'
import { accept, defineOperation, onGroup, refusedTarget, unknown } from '../decision.ts'
import { limits } from '../limits.ts'
import { marksNeeded, withoutMarks } from '../marks.ts'
import { dropGroup, dropMember, memberKey, putBan, putGroup, type MemberRow } from '../model.ts'
import { noticeTypes, tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'
import { targetPermissions } from '../target-permissions.ts'

const args = {
  groupID,
  userIDList,
  reason: optional(text({ bytesMax: limits.reasonBytesMax })),
  /** For so many seconds the users may not come back. 0: they may at once. */
  duration: optional(count({ min: 0, max: limits.banSecondsMax }))
}

/**
 * The call is refused as a whole if the actor may not remove one of the users. A Private group ends
 * with its last member: an app admin can remove the last members of a group without an owner.
 *
 * An AVChatRoom only knows removals with a `duration`. They also concern users outside it: a user
 * could leave in time, and come back.
 */
export const deleteGroupMember = defineOperation({
  args,
  needs: ({ groupID, userIDList }, _actor, group) => [
    ...userIDList.map(userID => memberKey({ groupID, userID })),
    ...marksNeeded(groupID, group)
  ],
  decide: onGroup(
    ({ duration }: ArgsOf<typeof args>, _group, { policy }) => [
      duration
        ? permissions.banGroupMember
        : policy.adminsCanKick
          ? permissions.deleteGroupMemberByAdmins
          : permissions.deleteGroupMember
    ],
    (facts, { groupID, userIDList, reason = '', duration = 0 }, ctx, view) => {
      const removed: MemberRow[] = []
      for (const userID of userIDList) {
        const row = view.get(memberKey({ groupID, userID }))
        if (row === undefined) return unknown([memberKey({ groupID, userID })])
        const refused = refusedTarget(
          targetPermissions.deleteGroupMember,
          facts,
          { userID, row },
          ctx
        )
        if (refused) return refused
        if (row) removed.push(row)
      }
      const until = Math.min(ctx.now + duration, limits.banSecondsMax)
      const bans = duration ? userIDList.map(userID => putBan({ groupID, userID, until })) : []
      if (removed.length === 0) return accept(bans, { groupID, userIDList })
      const { group } = facts
      const memberNum = group.memberNum - removed.length
      const users = removed.map(({ userID }) => userID)
      const notices = [{ operationType: noticeTypes.kicked, to: users, handleMessage: reason }]
      if (group.type === 'Private' && memberNum === 0)
        return accept([dropGroup(groupID)], { groupID, userIDList }, { notices })
      return accept(
        [
          putGroup({ ...group, memberNum }),
          ...removed.map(dropMember),
          ...bans,
          ...withoutMarks(view, groupID, users)
        ],
        { groupID, userIDList },
        {
          tip: { operationType: tipTypes.kicked, userIDList: users, memberNum },
          notices
        }
      )
    }
  )
})
