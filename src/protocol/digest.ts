/**
 * A number that two copies of the same rows share, in whatever order they are held: what lets a client and the server
 * notice that they hold different ones without sending them. Digests of sets are joined by XOR, so that one row can be
 * taken out or put in.
 *
 * Why: a digest covers a fixed list of fields and has a version. So builds that know more fields
 * agree with builds that know fewer.
 */

import type { CustomField, GroupRow, MemberRow } from '../kernel/model.ts'

/** Sides that compare digests of different versions compare nothing. Whatever changes a digest raises it. */
export const digestVersion = 1

/**
 * What a digest covers, by version: a field that only one side knows must not change it. A new field does not compile
 * until it is listed, with the version that first covers it, or `never`.
 */
type Covered<Row> = Readonly<Record<keyof Row, number | 'never'>>
const groupFields: Covered<GroupRow> = {
  groupID: 1,
  type: 1,
  name: 1,
  avatar: 1,
  introduction: 1,
  notification: 1,
  ownerID: 1,
  createTime: 1,
  lastInfoTime: 1,
  infoSequence: 1,
  memberNum: 1,
  maxMemberNum: 1,
  joinOption: 1,
  muteAllMembers: 1,
  groupCustomField: 1
}
const memberFields: Covered<MemberRow> = {
  groupID: 1,
  userID: 1,
  role: 1,
  joinTime: 1,
  nameCard: 1,
  muteUntil: 1,
  memberCustomField: 1
}

function coveredBy(fields: Readonly<Record<string, number | 'never'>>): readonly string[] {
  return Object.keys(fields)
    .filter(field => fields[field] !== 'never' && Number(fields[field]) <= digestVersion)
    .sort()
}
const groupCovered = coveredBy(groupFields)
const memberCovered = coveredBy(memberFields)

const customFieldsOf = (value: unknown): unknown =>
  Array.isArray(value) ? (value as CustomField[]).map(({ key, value }) => ({ key, value })) : value

export function rowDigest(row: GroupRow | MemberRow | null | undefined): number {
  if (!row) return 0
  const values = row as Readonly<Record<string, unknown>>
  const covered = 'userID' in row ? memberCovered : groupCovered
  return hash(JSON.stringify(covered.map(field => [field, customFieldsOf(values[field])])))
}

/** Of a group as a whole: its row and those of all of its members. */
export const groupDigest = (group: GroupRow, members: Iterable<MemberRow>): number => {
  let digest = rowDigest(group)
  for (const member of members) digest ^= rowDigest(member)
  return digest >>> 0
}

/** Of where somebody stands: the membership and the position in each group. */
export const positionDigest = (
  stand: Iterable<{
    readonly groupID: string
    readonly membershipEpoch: number
    readonly seq: number
  }>
): number => {
  let digest = 0
  for (const { groupID, membershipEpoch, seq } of stand)
    digest ^= hash(`${groupID} ${membershipEpoch} ${seq}`)
  return digest >>> 0
}

/** FNV-1a over UTF-16, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  // The last characters have to reach all bits, or rows that differ there only cancel each other out.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}
