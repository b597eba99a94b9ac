/**
 * Schemas of rows, as they come from the network or from storage. Neither is trusted, so every
 * field is checked.
 */

import * as v from 'valibot'
import type { Policy } from '../kernel/limits.ts'
import type {
  AttributesRow,
  CountersRow,
  CustomField,
  GroupRow,
  MemberRow,
  SettingsRow
} from '../kernel/model.ts'
import type { NoticeRow, TipRow } from '../kernel/notices.ts'
import { decodeRows, type RowsOrBlock } from './column-block.ts'
import { checksOf, exactFirst, exactly, isBlockOf, rowOf } from './exact.ts'
import { id, integer, listOf, natural, short, text, truth, where, word } from './fields.ts'

type Schemas<R> = { readonly [F in keyof R]: v.GenericSchema<unknown, R[F]> }

const customField = { key: short, value: short }
const isCustomField = exactly(customField)
const customFieldsMax = 256
const isCustomFields = Object.assign(
  (value: unknown) =>
    Array.isArray(value) && value.length <= customFieldsMax && value.every(isCustomField),
  { items: checksOf(customField) }
)
const customFields = exactFirst<readonly CustomField[]>(
  isCustomFields,
  where(v.array(v.object(customField)), list => list.length <= customFieldsMax)
)

const groupProfile: Schemas<GroupRow> = {
  groupID: id,
  type: word,
  name: short,
  avatar: short,
  introduction: short,
  notification: short,
  ownerID: short,
  createTime: natural,
  lastInfoTime: natural,
  infoSequence: natural,
  memberNum: natural,
  maxMemberNum: natural,
  joinOption: word,
  muteAllMembers: truth,
  groupCustomField: customFields
}
export const groupRow: v.GenericSchema<unknown, GroupRow> = rowOf(groupProfile)
// `exactOptional`, because JSON has no undefined.
const groupFields = v.object(
  Object.fromEntries(
    Object.entries(groupProfile).map(([field, schema]) => [
      field,
      v.exactOptional(schema as v.GenericSchema)
    ])
  )
) as v.GenericSchema<unknown, Partial<GroupRow>>

const member: Schemas<MemberRow> = {
  groupID: id,
  userID: id,
  role: word,
  joinTime: natural,
  nameCard: short,
  muteUntil: natural,
  memberCustomField: customFields
}
export const memberRow: v.GenericSchema<unknown, MemberRow> = rowOf(member)

const memberChecks = checksOf(member)
/** A list of members, or a column block of them, which stays a block. */
export const memberRows = exactFirst<RowsOrBlock<MemberRow>>(
  rows => isBlockOf(rows, memberChecks, customFieldsMax),
  v.pipe(
    v.custom(() => true),
    v.transform(decodeRows),
    v.array(memberRow)
  )
)

export const settingsRow: v.GenericSchema<unknown, SettingsRow> = rowOf({
  groupID: id,
  userID: id,
  messageRemindType: word
})

export const attributesRow: v.GenericSchema<unknown, AttributesRow> = rowOf({
  groupID: id,
  entries: customFields
})
export const countersRow: v.GenericSchema<unknown, CountersRow> = rowOf({
  groupID: id,
  entries: listOf(v.object({ key: short, value: integer }), { countMax: customFieldsMax })
})

const eventFields = { groupID: id, time: natural, operatorID: short }

export const tip = {
  ...eventFields,
  seq: natural,
  operationType: natural,
  userIDList: v.array(id),
  memberNum: v.exactOptional(natural),
  newGroupProfile: v.exactOptional(groupFields),
  memberList: v.exactOptional(v.array(v.object({ userID: id, muteTime: natural })))
}
export const tipRow: v.GenericSchema<unknown, TipRow> = v.object(tip)

export const notice = {
  ...eventFields,
  operationType: natural,
  groupName: short,
  handleMessage: short,
  applicationSeq: v.exactOptional(natural),
  userDefinedField: v.exactOptional(text(8000)),
  fseq: natural
}
export const noticeRow: v.GenericSchema<unknown, NoticeRow> = v.object(notice)

const fieldPolicy = { key: short, write: word }
export const policySchema: v.GenericSchema<unknown, Policy> = v.object({
  adminsCanKick: truth,
  groupsPerUserMax: natural,
  suppressTips: word,
  customFields: v.exactOptional(
    v.object({
      group: v.array(v.object(fieldPolicy)),
      member: v.array(v.object({ ...fieldPolicy, type: word, ownWrite: truth }))
    })
  )
})
