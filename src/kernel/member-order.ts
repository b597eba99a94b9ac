/** The order of Tencent's member lists, for the lists of a device and the pages of a server. */

import { lookUp, type MemberRow, type Role } from './model.ts'

const ranks: Readonly<Record<Role, number>> = { Owner: 0, Admin: 1, Member: 2 }
/** A role of another build comes last. */
const rank = ({ role }: MemberRow) => lookUp(ranks, role) ?? 3

export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
export const byJoinTime = (a: MemberRow, b: MemberRow): number =>
  a.joinTime - b.joinTime || byText(a.userID, b.userID)
/** The owner, the admins, the members, each in the order of joining. */
export const byRole = (a: MemberRow, b: MemberRow): number => rank(a) - rank(b) || byJoinTime(a, b)
