import { choice, count, flag, optional, text, type ArgsOf } from '../args.ts'
import { groupID } from '../ids.ts'
import { avatar, groupCustomField, name } from '../profile-args.ts'
import { accept, defineOperation, onGroup, refuse, reject, type KnownGroup } from '../decision.ts'
import { limits, maxMemberNumMax } from '../limits.ts'
import {
  joinOptions,
  mergeFields,
  putGroup,
  sameRow,
  type CustomField,
  type GroupRow
} from '../model.ts'
import { tipTypes } from '../notices.ts'
import { groupFieldRefusal } from '../field-permissions.ts'
import { permissions, type Rule } from '../permissions.ts'
import { fixedJoinOption } from './create-group.ts'

const args = {
  groupID,
  name: optional(name({ bytesMax: limits.nameBytesMax })),
  avatar: optional(avatar),
  introduction: optional(text({ bytesMax: limits.introductionBytesMax })),
  notification: optional(text({ bytesMax: limits.notificationBytesMax })),
  maxMemberNum: optional(count({ min: 1, max: maxMemberNumMax.AVChatRoom })),
  joinOption: optional(choice(joinOptions)),
  muteAllMembers: optional(flag),
  groupCustomField: optional(groupCustomField)
}
type Args = ArgsOf<typeof args>
type Field = Exclude<keyof Args, 'groupID'>

const rules: Record<Field, Rule> = {
  name: permissions.updateBasics,
  avatar: permissions.updateBasics,
  introduction: permissions.updateBasics,
  notification: permissions.updateBasics,
  maxMemberNum: permissions.updateMaxMemberNum,
  joinOption: permissions.updateJoinOption,
  muteAllMembers: permissions.updateMuteAllMembers,
  groupCustomField: permissions.updateGroupCustomField
}

/** Changes only the fields that are passed. Custom fields are merged by key. */
export const updateGroupProfile = defineOperation({
  args,
  decide: onGroup(
    (given: Args, group, { policy }) => {
      const fields = applicableArgs(given, group)
      const passed = (Object.keys(rules) as Field[]).filter(field => field in fields)
      const ruleOf = (field: Field) =>
        field === 'groupCustomField' && policy.customFields
          ? permissions.updateDeclaredField
          : rules[field]
      return passed.length === 0 ? [permissions.updateBasics] : passed.map(ruleOf)
    },
    ({ group, acting }, given, { now, policy }) => {
      const { groupID, groupCustomField: updates = [], ...fields } = applicableArgs(given, group)
      const { maxMemberNum } = fields
      if (
        maxMemberNum !== undefined &&
        (maxMemberNum < group.memberNum || maxMemberNum > limits.updatedMaxMemberNum)
      )
        return reject(
          'IllegalArgument',
          `maxMemberNum: ${group.memberNum} to ${limits.updatedMaxMemberNum}`
        )
      for (const { key } of updates) {
        const reason = groupFieldRefusal(policy, acting, key)
        if (reason) return refuse(reason, key)
      }
      const groupCustomField = mergeFields(group.groupCustomField, updates)
      if (groupCustomField.length > limits.groupCustomFieldsMax) {
        return reject(
          'IllegalArgument',
          `groupCustomField: at most ${limits.groupCustomFieldsMax} fields`
        )
      }
      const next: GroupRow = { ...group, ...fields, groupCustomField }
      if (sameRow(next, group)) return accept([], { groupID })
      const newGroupProfile = changedFields(group, next, updates)
      return accept(
        [putGroup({ ...next, lastInfoTime: now, infoSequence: group.infoSequence + 1 })],
        { groupID },
        {
          tip: { operationType: tipTypes.profileUpdated, userIDList: [], newGroupProfile }
        }
      )
    }
  )
})

/** The changed fields of the profile, with the custom fields that were passed. */
function changedFields(
  before: GroupRow,
  after: GroupRow,
  groupCustomField: readonly CustomField[]
): Partial<GroupRow> {
  const plain = Object.entries(after).filter(
    ([name, value]) => name !== 'groupCustomField' && before[name as keyof GroupRow] !== value
  )
  return { ...Object.fromEntries(plain), ...(groupCustomField.length > 0 && { groupCustomField }) }
}

/** `joinOption` is ignored if the type of the group fixes it, as in Tencent's SDK. */
function applicableArgs(given: Args, group: KnownGroup): Args {
  const { joinOption, ...others } = given
  return fixedJoinOption[group.type] ? others : given
}
