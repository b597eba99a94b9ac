import { optional, type ArgsOf } from '../args.ts'
import { groupID, userID } from '../ids.ts'
import { memberCustomField } from '../profile-args.ts'
import { accept, defineOperation, onGroup, refuse, reject, targetMember } from '../decision.ts'
import { limits } from '../limits.ts'
import { memberKey, mergeFields, putMember, sameRow } from '../model.ts'
import { memberFieldRefusal } from '../field-permissions.ts'
import { permissions } from '../permissions.ts'
import { targetPermissions } from '../target-permissions.ts'

const args = { groupID, userID: optional(userID), memberCustomField }

/** Sets the fields of `userID` (default: the caller). Fields are merged by key. */
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
        const reason = memberFieldRefusal(ctx.policy, facts.acting, {
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
