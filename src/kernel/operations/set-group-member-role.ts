import { text, type ArgsOf } from '../args.ts'
import { groupID, userID } from '../ids.ts'
import { accept, defineOperation, onGroup, reject, targetMember } from '../decision.ts'
import { limits } from '../limits.ts'
import { memberKey, putMember } from '../model.ts'
import { noticeTypes, tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'
import { targetPermissions } from '../target-permissions.ts'

const args = { groupID, userID, role: text({ bytesMax: limits.userIDBytesMax, filled: true }) }

export const setGroupMemberRole = defineOperation({
  args,
  needs: ({ groupID, userID }) => [memberKey({ groupID, userID })],
  givesRoles: ({ userID, role }) => [{ userID, role }],
  decide: onGroup(
    () => [permissions.setGroupMemberRole],
    (facts, { groupID, userID, role }: ArgsOf<typeof args>, ctx, view) => {
      if (role !== 'Admin' && role !== 'Member') return reject('IllegalRole')
      const target = targetMember(targetPermissions.setGroupMemberRole, facts, userID, {
        ctx,
        view
      })
      if (!target.ok) return target.answer
      const { row } = target
      if (row.role === role) return accept([], { groupID, userID })
      const [tip, notice] =
        role === 'Admin'
          ? [tipTypes.adminSet, noticeTypes.adminSet]
          : [tipTypes.adminCanceled, noticeTypes.adminCanceled]
      return accept(
        [putMember({ ...row, role })],
        { groupID, userID },
        {
          tip: { operationType: tip, userIDList: [userID] },
          notices: [{ operationType: notice, to: [userID] }]
        }
      )
    }
  )
})
