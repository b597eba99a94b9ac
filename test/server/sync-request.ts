import type { SyncRequest } from '../../src/server/database/port.ts'

/** Everything that a session may read of a user, without groups. */
export const request: SyncRequest = {
  feed: 0,
  isFollowedRead: true,
  groups: [],
  max: { events: 100, tips: 100, changed: 100 },
  opIDs: []
}
