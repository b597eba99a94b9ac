/** The rows and lists that a change in memory has touched. Views recompute only these. */

import type { Key } from '../../kernel/model.ts'

export type Touched = {
  readonly groups: Set<string>
  /** User IDs by group. `'all'`: the whole list has changed or was loaded. */
  readonly members: Map<string, Set<string> | 'all'>
  /** Groups with new tips. */
  readonly tips: Set<string>
  notices: boolean
  undelivered: boolean
  outbox: boolean
  verdicts: boolean
  status: boolean
  storage: boolean
}

export const nothingTouched = (): Touched => ({
  groups: new Set(),
  members: new Map(),
  tips: new Set(),
  notices: false,
  undelivered: false,
  outbox: false,
  verdicts: false,
  status: false,
  storage: false
})

export function touch(touched: Touched, key: Key): void {
  switch (key.table) {
    case 'groups':
      touched.groups.add(key.id)
      break
    case 'members':
      touchMember(touched, key.scope, key.id)
      break
    case 'settings':
    case 'attributes':
    case 'counters':
      touched.groups.add(key.scope)
      break
    case 'applications':
      // The notice of an application shows its state.
      touched.notices = true
      break
    case 'mutes':
    case 'bans':
    case 'marks':
  }
}

export function touchMember({ members }: Touched, groupID: string, userID: string): void {
  const users = members.get(groupID)
  if (users === undefined) members.set(groupID, new Set([userID]))
  else if (users !== 'all') users.add(userID)
}
