/** Opens an engine on IndexedDB, with the other tabs as its peers. Works in any thread. */

import type { Engine } from '../engine/api.ts'
import type { StoreLocation } from '../engine/worker-api.ts'
import { protocolVersion } from '../protocol/messages.ts'
import type { Connect } from '../protocol/port.ts'
import { databaseName } from '../storage/database.ts'
import { openDexieStorage } from '../storage/dexie.ts'
import { browserPeers } from './peers.ts'
import { openThreadEngine } from './thread.ts'

/** The returned function rejects if the database cannot be opened. */
export const openBrowserEngine =
  (connectTo: (url: string) => Connect) =>
  async (location: StoreLocation): Promise<Engine> => {
    const name = databaseName(location)
    const opening = openDexieStorage(name)
    const peers = browserPeers(`${name} v${protocolVersion}`)
    opening.catch(peers.close)
    const storage = await opening
    return openThreadEngine({ storage, connect: connectTo(location.url), peers }, location)
  }
