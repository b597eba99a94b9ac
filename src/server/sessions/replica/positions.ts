/** The positions of the client: in the user's feed, and in the log of each group. */

import { positionDigest } from '../../../protocol/digest.ts'
import type { FeedDelta } from '../../../protocol/server-messages.ts'
import { groupTopic } from '../bus.ts'

export type GroupPosition = {
  readonly membershipEpoch: number
  /** The user is in the group since this commit. */
  readonly since: number
  /** The client holds the group as of this commit. 0: it has no rows yet. */
  seq: number
  /** No commit after `seq`, up to this one, concerns the client. */
  upTo: number
}

/** The positions that a client names when it logs in, and its operations without a verdict. */
export type ClientPositions = {
  readonly feed: number
  readonly groups: ReadonlyMap<string, { readonly membershipEpoch: number; readonly seq: number }>
  readonly pending: readonly string[]
}
export const noPositions: ClientPositions = { feed: 0, groups: new Map(), pending: [] }

export type Positions = ReturnType<typeof createPositions>

export function createPositions(subscribeTo: (topic: string) => () => void) {
  const groups = new Map<string, GroupPosition>()
  const subscriptions = new Map<string, () => void>()
  let isEnded = false

  /** Returns whether the topic is new. */
  function subscribe(topic: string): boolean {
    // A read that continues after the end of the session may still find groups.
    if (isEnded || subscriptions.has(topic)) return false
    subscriptions.set(topic, subscribeTo(topic))
    return true
  }

  /** Returns whether the session has not been subscribed to the group before. */
  function follow(groupID: string, position: GroupPosition): boolean {
    groups.set(groupID, position)
    return subscribe(groupTopic(groupID))
  }

  function unfollow(groupID: string): void {
    const topic = groupTopic(groupID)
    groups.delete(groupID)
    subscriptions.get(topic)?.()
    subscriptions.delete(topic)
  }

  const positions = {
    feed: 0,
    groups: groups as ReadonlyMap<string, GroupPosition>,
    subscribe,
    follow,

    /** Follows the groups that the events join. `joined`: the client has no rows of them yet. */
    applyFeed({ from, to, events }: FeedDelta) {
      const joined = new Set<string>()
      const subscribed = new Set<string>()
      const left = new Set<string>()
      function leave(groupID: string): void {
        unfollow(groupID)
        joined.delete(groupID)
        subscribed.delete(groupID)
        left.add(groupID)
      }
      positions.feed = to
      if (from === 0) for (const groupID of missingIn(events, groups)) leave(groupID)
      for (const event of events) {
        if (event.kind === 'left') leave(event.groupID)
        if (event.kind !== 'joined') continue
        const { groupID, membershipEpoch, since } = event
        const held = groups.get(groupID)
        // The client keeps the rows that it holds of this membership.
        if (held?.membershipEpoch === membershipEpoch && held.since === since) continue
        if (follow(groupID, { membershipEpoch, since, seq: 0, upTo: 0 })) subscribed.add(groupID)
        joined.add(groupID)
      }
      return { joined, subscribed, left }
    },

    /** The positions of the client once it has received every frame sent so far. */
    digest: () => ({
      feed: positions.feed,
      groups: positionDigest(
        [...groups].map(([groupID, { membershipEpoch, seq }]) => ({
          groupID,
          membershipEpoch,
          seq
        }))
      )
    }),

    /** The positions that a receipt proves. */
    seen: () => ({
      feed: positions.feed,
      positions: [...groups.values()].reduce((sum, { upTo }) => sum + upTo, 0)
    }),

    end(): void {
      isEnded = true
      for (const stop of subscriptions.values()) stop()
      subscriptions.clear()
    }
  }
  return positions
}

/** A feed from the beginning names every group of the user. Returns the held groups it omits. */
function missingIn(
  events: FeedDelta['events'],
  groups: ReadonlyMap<string, GroupPosition>
): string[] {
  const named = new Set(events.flatMap(event => (event.kind === 'joined' ? event.groupID : [])))
  return [...groups.keys()].filter(groupID => !named.has(groupID))
}
