/** The orders of groups and members in lists, and the search in them. */

import { byJoinTime, byRole, byText } from '../../kernel/member-order.ts'
import type { MemberRow } from '../../kernel/model.ts'
import type { Group } from '../api.ts'
import type { GroupOrder, MemberOrder } from '../stream-api.ts'
import type { Compare } from './ordered.ts'

let collator: Intl.Collator | undefined
/** Chinese names by pinyin, if the platform has it. */
const byName: Compare<string> = (a, b) =>
  typeof Intl === 'undefined'
    ? byText(a, b)
    : (collator ??= new Intl.Collator('zh-u-co-pinyin')).compare(a, b)

export const memberOrders: Readonly<Record<MemberOrder, Compare<MemberRow>>> = {
  joinTime: byJoinTime,
  role: byRole,
  nameCard: (a, b) =>
    byName(a.nameCard || a.userID, b.nameCard || b.userID) || byText(a.userID, b.userID)
}

export const groupOrders: Readonly<Record<GroupOrder, Compare<Group>>> = {
  lastInfoTime: (a, b) =>
    b.lastInfoTime - a.lastInfoTime || b.createTime - a.createTime || byText(a.groupID, b.groupID),
  name: (a, b) => byName(a.name, b.name) || byText(a.groupID, b.groupID)
}

/**
 * The text in the form that a search compares, regardless of Unicode form and case. Upper case
 * comes last: a small letter may depend on its place in a word (Σ: σ, ς), a capital does not.
 */
const folded = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replace(dottedI, 'i').toUpperCase().normalize('NFKC')
/** The Turkish İ in lower case: an i and a combining dot. */
const dottedI = /i\u0307/g

/** Returns whether one of the texts contains the searched text. */
export function finder(search: string): (...texts: string[]) => boolean {
  const wanted = folded(search)
  return (...texts) => wanted === '' || texts.some(text => folded(text).includes(wanted))
}
