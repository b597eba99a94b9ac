import { groupID, memberCustomField, optional, userID, type ArgsOf } from '../args.ts'
import { accept, defineOperation, onGroup, refuse, reject, targetMember } from '../decision.ts'
import { limits } from '../limits.ts'
import { memberKey, mergeFields, putMember, sameRow } from '../model.ts'
import { mayWriteMemberField, permissions, targetPermissions } from '../permissions.ts'

const args = { groupID, userID: optional(userID), memberCustomField }

/** Seed: "Modifying a group member custom field"; one's own unless said otherwise. Fields are merged by key. */
export const setGroupMemberCustomField = defineOperation({
  args,
  needs: ({ groupID, userID }, actor) => [memberKey({ groupID, userID: userID ?? actor })],
  decide: onGroup(
    () => [permissions.setGroupMemberCustomField],
    (facts, { groupID, memberCustomField: updates, ...given }: ArgsOf<typeof args>, ctx, view) => {
      const userID = given.userID ?? ctx.actor
      const target = targetMember(targetPermissions.setGroupMemberCustomField, facts, userID, {
        ctx,
        view
      })
      if (!target.ok) return target.answer
      const { row } = target
      for (const { key } of updates) {
        const reason = mayWriteMemberField(ctx.policy, facts.acting, {
          key,
          isOwn: userID === ctx.actor
        })
        if (reason) return refuse(reason, key)
      }
      const fields = mergeFields(row.memberCustomField, updates)
      if (fields.length > limits.memberCustomFieldsMax) {
        return reject(
          'IllegalArgument',
          `memberCustomField: at most ${limits.memberCustomFieldsMax} fields`
        )
      }
      const next = { ...row, memberCustomField: fields }
      return accept(sameRow(row, next) ? [] : [putMember(next)], { groupID, userID })
    }
  )
})
