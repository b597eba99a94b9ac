import { groupID, text, userID, type ArgsOf } from '../args.ts'
import { accept, defineOperation, onGroup, refusedTarget, reject, unknown } from '../decision.ts'
import { limits } from '../limits.ts'
import { memberKey, putMember } from '../model.ts'
import { permissions, targetPermissions } from '../permissions.ts'

const args = { groupID, userID, role: text({ bytesMax: limits.userIDBytesMax, filled: true }) }

/** Seed: "Setting or canceling the admin". */
export const setGroupMemberRole = defineOperation({
  args,
  needs: ({ groupID, userID }) => [memberKey({ groupID, userID })],
  decide: onGroup(
    () => [permissions.setGroupMemberRole],
    (facts, { groupID, userID, role }: ArgsOf<typeof args>, ctx, view) => {
      if (role !== 'Admin' && role !== 'Member') return reject('IllegalRole', role)
      const row = view.get(memberKey({ groupID, userID }))
      if (row === undefined) return unknown([memberKey({ groupID, userID })])
      const refused = refusedTarget(targetPermissions.setGroupMemberRole, facts, { userID, row }, ctx)
      if (refused) return refused
      return accept(row && row.role !== role ? [putMember({ ...row, role })] : [], { groupID, userID })
    }
  )
})
