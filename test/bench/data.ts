/** The rows that every contender stores, and their changes, computed so that none need a file. */

import type { GroupRow, MemberRow } from '../../src/kernel/model.ts'

/** Numbers of groups by their numbers of members. */
export type Shape = readonly (readonly [groups: number, members: number])[]
export const fullShape: Shape = [
  [10, 6000],
  [90, 500],
  [900, 50]
]

export const userID = 'me'
const startTime = 1_600_000_000

export const sizesOf = (shape: Shape): number[] =>
  shape.flatMap(([groups, members]) => Array<number>(groups).fill(members))
export const rowCount = (shape: Shape): number =>
  sizesOf(shape).reduce((sum, size) => sum + size, 0)

export const groupIDOf = (index: number): string => `g${String(index).padStart(6, '0')}`
const userIDOf = (index: number): string =>
  index === 0 ? userID : `user-${String(index).padStart(6, '0')}`

export const groupAt = (index: number, size: number): GroupRow => ({
  groupID: groupIDOf(index),
  type: 'ChatRoom',
  name: `Group ${index}`,
  avatar: `https://example.org/avatars/groups/${index}.png`,
  introduction: `What group ${index} is about`,
  notification: '',
  ownerID: userID,
  createTime: startTime,
  lastInfoTime: startTime + index,
  infoSequence: 1,
  memberNum: size,
  maxMemberNum: Math.max(6000, size),
  joinOption: 'FreeAccess',
  muteAllMembers: false,
  groupCustomField: []
})

/** Members do not join in the order of their IDs. */
const joinOrder = (index: number, size: number): number => (index * 7919) % size

export const memberAt = (group: number, index: number, size: number): MemberRow => ({
  groupID: groupIDOf(group),
  userID: userIDOf(index),
  role: index === 0 ? 'Owner' : index < 6 ? 'Admin' : 'Member',
  joinTime: startTime + joinOrder(index, size),
  nameCard: `Card of ${index}`,
  muteUntil: 0,
  memberCustomField: [{ key: 'title', value: `Title ${index % 100}` }]
})

/** All members of a group, by userID, as a server sends them. */
export const membersOf = (group: number, size: number): MemberRow[] =>
  Array.from({ length: size }, (_, index) => memberAt(group, index, size))

/** A window on the members of a group, in the order in which they joined. */
export type Window = { readonly groupID: string; readonly offset: number; readonly limit: number }

/** An operation of the user: it needs a permission and changes one row. */
export type Op = { readonly groupID: string; readonly userID: string; readonly nameCard: string }

/** A change of the server: the row of one member, with another title. */
export type Change = {
  readonly group: number
  readonly index: number
  readonly size: number
  readonly title: string
}

export const changedRow = ({ group, index, size, title }: Change): MemberRow => ({
  ...memberAt(group, index, size),
  memberCustomField: [{ key: 'title', value: title }]
})

/** The rows of a window. */
export function windowRows(
  size: number,
  { offset, limit }: Pick<Window, 'offset' | 'limit'>
): number[] {
  const order = Array.from({ length: size }, (_, index) => index)
  return order.sort((a, b) => joinOrder(a, size) - joinOrder(b, size)).slice(offset, offset + limit)
}

export const memberKey = ({ groupID, userID }: Pick<MemberRow, 'groupID' | 'userID'>): string =>
  `${groupID}/${userID}`

/** The server's rows under the user's pending name cards. */
export const rebased = (
  rows: readonly MemberRow[],
  pending: ReadonlyMap<string, string>
): MemberRow[] =>
  rows.map(row => {
    const nameCard = pending.get(memberKey(row))
    return nameCard === undefined ? row : { ...row, nameCard }
  })

export const pause = (ms: number): Promise<void> =>
  ms > 0 ? new Promise(resolve => setTimeout(resolve, ms)) : Promise.resolve()

/** The same random numbers from 0 up to 1 in each run. */
export function createRandom(seed = 1): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
