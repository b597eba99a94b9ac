/** The channel of the tabs of a user, and the message with which a page says that it closes. */

import type { PeerMessage } from '../engine/host.ts'
import { protocolVersion } from '../protocol/version.ts'
import { databaseName } from '../storage/database.ts'

type Location = Parameters<typeof databaseName>[0]

/** Builds with other messages have other channels. */
export const channelName = (location: Location): string =>
  `${databaseName(location)} v${protocolVersion}`

/**
 * Tells the other tabs that this page has ended its worker. With Web Locks, the lock of a leader
 * tells them. Without, they would wait for its silence.
 */
export function postPageClosed(location: Location): void {
  if (!('BroadcastChannel' in globalThis) || 'locks' in navigator) return
  const channel = new BroadcastChannel(channelName(location))
  channel.postMessage({ type: 'pageClosed' } satisfies PeerMessage)
  channel.close()
}
