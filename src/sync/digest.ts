/**
 * A number that two copies of the same rows share, in whatever order they are held: what lets a client and the server
 * notice that they hold different ones without sending them. Digests of sets are joined by XOR, so that one row can be
 * taken out or put in.
 */

import type { GroupRow, MemberRow } from '../kernel/model.ts'

export const rowDigest = (row: GroupRow | MemberRow | null | undefined): number => {
  if (!row) return 0
  const fields = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))
  return hash(JSON.stringify(fields))
}

/** Of a group as a whole: its row and those of all of its members. */
export const groupDigest = (group: GroupRow, members: Iterable<MemberRow>): number => {
  let digest = rowDigest(group)
  for (const member of members) digest ^= rowDigest(member)
  return digest >>> 0
}

/** Of where somebody stands: the membership and the position in each group. */
export const standDigest = (
  stand: Iterable<{ readonly groupID: string; readonly mep: number; readonly seq: number }>
): number => {
  let digest = 0
  for (const { groupID, mep, seq } of stand) digest ^= hash(`${groupID} ${mep} ${seq}`)
  return digest >>> 0
}

/** FNV-1a over UTF-16, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  // The last characters have to reach all bits, or rows that differ there only cancel each other out.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}
