/**
 * Marks of members of an AVChatRoom: numbers that an app gives a meaning.
 *
 * Why one row of the group, and not a field of each member: devices hold no members of an
 * AVChatRoom, so no device needs the marks. The limits on all marks need no other rows.
 */

import { count } from './args.ts'
import type { View } from './decision.ts'
import { limits } from './limits.ts'
import { marksKey, putMarks, type Change, type GroupRow, type Key, type MarksRow } from './model.ts'

export const markType = count({ min: limits.markTypeMin, max: limits.markTypeMax })

/** For an operation that removes members. Groups of other types have no marks. */
export const marksNeeded = (groupID: string, group: GroupRow | null | undefined): readonly Key[] =>
  group?.type === 'AVChatRoom' ? [marksKey(groupID)] : []

/** The users that have a mark now. */
export const markedUsers = (row: MarksRow | null | undefined, markType: number) =>
  row?.marks.find(mark => mark.markType === markType)?.userIDList ?? []

/** Users who leave lose their marks. A device does not hold the row, and needs no prediction. */
export function withoutMarks(
  view: View,
  groupID: string,
  users: readonly string[]
): readonly Change[] {
  const { marks = [] } = view.get(marksKey(groupID)) ?? {}
  const isAffected = marks.some(({ userIDList }) => userIDList.some(user => users.includes(user)))
  if (!isAffected) return []
  const rest = marks.map(({ markType, userIDList }) => ({
    markType,
    userIDList: userIDList.filter(user => !users.includes(user))
  }))
  return [putMarks({ groupID, marks: rest.filter(({ userIDList }) => userIDList.length > 0) })]
}
