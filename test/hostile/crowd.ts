/** Large groups of attackers: long answers, and much work for the database. */

import { expect } from 'vitest'
import { operation, type AttackerSocket } from './attacker.ts'
import { times } from './repeat.ts'

/** A group of the attacker's own with members enough for long answers. */
export const crowd = (groupID: string, size: number) => ({
  ...operation(`create-${groupID}`, 'createGroup', {
    groupID,
    name: 'Crowd',
    type: 'Public',
    memberList: times(size).map(index => ({
      userID: `extra${index}`,
      memberCustomField: [{ key: 'about', value: 'x'.repeat(64) }]
    }))
  })
})
/** Rows of such a group, with room for later tips and events. */
export const crowdRows = (groups: number, size: number) => ({
  groups: groups,
  members: groups * (size + 1),
  tips: groups,
  log: groups,
  memberships: groups * (size + 1),
  feeds: size + 1,
  feed: groups * 2 * (size + 1),
  verdicts: groups
})

export async function own(
  socket: AttackerSocket,
  prefix: string,
  count: number,
  size: number
): Promise<void> {
  for (let start = 0; start < count; start += 25) {
    const creations = times(Math.min(25, count - start)).map(index =>
      crowd(`${prefix}-${start + index}`, size)
    )
    const outcomes = await socket.judge(...creations)
    expect([...outcomes.values()]).toEqual(creations.map(() => 'applied'))
  }
}
