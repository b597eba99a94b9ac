/** Whether a client that logs in can continue from its positions. */

import { kernelVersion } from '../../kernel/decide.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { digestVersion } from '../../protocol/digest.ts'
import { protocolVersion } from '../../protocol/messages.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import type { SyncRows } from '../database/port.ts'
import type { Readable } from './readable.ts'
import { provesLoss, receiptOf } from './receipts.ts'
import type { SessionContext } from './session-port.ts'
import { readFeed } from './replica/catch-up.ts'
import { reachesBack, recentEventsMax } from './replica/feed-delta.ts'
import type { ClientPositions } from './replica/positions.ts'

type Hello = Extract<ClientMessage, { type: 'hello' }>
type Welcome = Extract<ServerMessage, { type: 'welcome' }>
type Login = {
  readonly userID: string
  readonly epoch: string
  readonly receipt: string
  readonly positions: ClientPositions
}

export const positionsIn = ({ feed, groups, pending }: Hello): ClientPositions => ({
  feed,
  groups: new Map(
    groups.map(([groupID, membershipEpoch, seq]) => [groupID, { membershipEpoch, seq }])
  ),
  pending
})

/** The answer to a hello with a valid token. `known`: the client continues from its positions. */
export async function welcome(
  { policy, now, onError }: SessionContext,
  database: Readable,
  { userID, isAppAdmin }: { userID: string; isAppAdmin: boolean },
  hello: Hello
): Promise<Welcome> {
  const login = {
    userID,
    epoch: hello.epoch,
    receipt: hello.receipt ?? '',
    positions: positionsIn(hello)
  }
  const { epoch, known, receipt } = await readLogin(database, login, () =>
    onError(new Error('the database is older than what clients have seen: all clients begin anew'))
  )
  return {
    type: 'welcome',
    protocol: protocolVersion,
    kernel: kernelVersion,
    epoch,
    serverTime: now(),
    userID,
    isAppAdmin,
    policy,
    known,
    receipt,
    digest: digestVersion
  }
}

/** If the client's receipt proves a loss of data, the epoch changes, so all get full snapshots. */
async function readLogin(
  database: Readable,
  login: Login,
  onLoss: () => void
): Promise<{ epoch: string; known: boolean; receipt: string }> {
  const state = await read(database, login)
  if (!state.isLoss) return state
  // If several clients prove the loss at once, the first one renews the epoch.
  if (await database.renewEpoch(state.epoch)) onLoss()
  return read(database, login)
}

async function read(database: Readable, { userID, epoch, receipt, positions }: Login) {
  const rows = await readFeed(database, userID, positions.feed, recentEventsMax)
  const { identity, feed, followed } = rows
  const seen = { feed: feed.head, positions: followed.reduce((sum, { seq }) => sum + seq, 0) }
  return {
    epoch: identity.epoch,
    isLoss: provesLoss(identity, userID, receipt, seen),
    known: epoch === identity.epoch && canContinue(rows, positions),
    receipt: receiptOf(identity, userID, seen)
  }
}

/**
 * Whether the client can continue from its positions: none is in the future, the feed's position
 * is not below the floor, and every group up to it is held. Below the floor, the end of a
 * membership may be forgotten, and its epoch given to a later one.
 */
function canContinue(
  { feed: { head, floor }, events, followed }: SyncRows,
  { feed: from, groups: held }: ClientPositions
): boolean {
  if (from > head || from < floor) return false
  const hasEvents = reachesBack(from, { head, floor })
  const named = new Set(
    events.flatMap(event => (event.fseq > from && 'groupID' in event ? event.groupID : []))
  )
  return followed.every(({ groupID, membershipEpoch, seq }) => {
    const position = held.get(groupID)
    if (!position) return !hasEvents || named.has(groupID)
    return (
      position.membershipEpoch < membershipEpoch ||
      (position.membershipEpoch === membershipEpoch && position.seq <= seq)
    )
  })
}
