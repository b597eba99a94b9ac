/** Opens an engine on a browser's storage, with the other tabs as its peers, in any thread. */

import type { Engine } from '../engine/api.ts'
import { alone } from '../engine/host.ts'
import type { StoreLocation } from '../engine/worker-api.ts'
import { protocolVersion } from '../protocol/messages.ts'
import type { Connect } from '../protocol/port.ts'
import { databaseName } from '../storage/database.ts'
import { openBrowserStorage } from './browser-storage.ts'
import { browserPeers } from './peers.ts'
import { openThreadEngine } from './thread.ts'

export const openBrowserEngine =
  (connectTo: (url: string) => Connect) =>
  async (location: StoreLocation): Promise<Engine> => {
    const name = databaseName(location)
    const peers =
      'BroadcastChannel' in globalThis ? browserPeers(`${name} v${protocolVersion}`) : alone
    const { storage, mode } = await openBrowserStorage(name)
    // Tabs with rows of their own in memory have nothing in common.
    if (mode === 'memory') peers.close()
    const shared = mode === 'memory' ? alone : peers
    return openThreadEngine({ storage, connect: connectTo(location.url), peers: shared }, location)
  }
