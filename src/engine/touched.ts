/** What a change has touched, for those who show it. */

import type { Key } from '../kernel/model.ts'

export type Touched = {
  readonly groups: Set<string>
  /** Users by group; `'all'` where a whole list has changed or become known. */
  readonly members: Map<string, Set<string> | 'all'>
  outbox: boolean
  verdicts: boolean
  status: boolean
}

export const nothingTouched = (): Touched => ({
  groups: new Set(),
  members: new Map(),
  outbox: false,
  verdicts: false,
  status: false
})

export function touch(touched: Touched, key: Key): void {
  if (key.table === 'groups') touched.groups.add(key.id)
  if (key.table === 'members') touchMember(touched, key.scope, key.id)
}

export function touchMember({ members }: Touched, groupID: string, userID: string): void {
  const users = members.get(groupID)
  if (users === undefined) members.set(groupID, new Set([userID]))
  else if (users !== 'all') users.add(userID)
}
