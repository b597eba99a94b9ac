/**
 * A digest is a number that equal sets of rows share, in any order. A client and a server compare
 * digests instead of rows. The digests of rows are joined by XOR, so one row can be added or
 * removed.
 *
 * Why: a digest covers a fixed list of fields and has a version. So builds that know more fields
 * agree with builds that know fewer.
 */

import type { CustomField, EntriesRow, GroupRow, MemberRow } from '../kernel/model.ts'

/** Each change of a digest raises its version. Digests of different versions are not compared. */
export const digestVersion = 2

/**
 * The first version that covers a field, or `never`. A field that only one side knows must not
 * change the digest. A new field does not compile until it is listed here.
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
/** The values of attributes are text, those of counters are numbers: their digests differ. */
const entriesFields: Covered<EntriesRow> = { groupID: 2, entries: 2 }

function coveredBy(fields: Readonly<Record<string, number | 'never'>>): readonly string[] {
  return Object.keys(fields)
    .filter(field => fields[field] !== 'never' && Number(fields[field]) <= digestVersion)
    .sort()
}
const groupCovered = coveredBy(groupFields)
const memberCovered = coveredBy(memberFields)
const entriesCovered = coveredBy(entriesFields)

const customFieldsOf = (value: unknown): unknown =>
  Array.isArray(value) ? (value as CustomField[]).map(({ key, value }) => ({ key, value })) : value

type DigestedRow = GroupRow | MemberRow | EntriesRow

function coveredIn(row: DigestedRow): readonly string[] {
  if ('entries' in row) return entriesCovered
  return 'userID' in row ? memberCovered : groupCovered
}

export function rowDigest(row: DigestedRow | null | undefined): number {
  if (!row) return 0
  const values = row as Readonly<Record<string, unknown>>
  const covered = coveredIn(row)
  return hash(JSON.stringify(covered.map(field => [field, customFieldsOf(values[field])])))
}

/** The digest of a group: of its row, its attributes, counters and members. */
export const groupDigest = (rows: Iterable<DigestedRow | null | undefined>): number => {
  let digest = 0
  for (const row of rows) digest ^= rowDigest(row)
  return digest >>> 0
}

/** The digest of the membership and the position in each group. */
export const positionDigest = (
  positions: Iterable<{
    readonly groupID: string
    readonly membershipEpoch: number
    readonly seq: number
  }>
): number => {
  let digest = 0
  for (const { groupID, membershipEpoch, seq } of positions)
    digest ^= hash(`${groupID} ${membershipEpoch} ${seq}`)
  return digest >>> 0
}

/** FNV-1a over UTF-16, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  // Mixes the last characters into all bits. Otherwise rows that differ only there cancel out.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}
