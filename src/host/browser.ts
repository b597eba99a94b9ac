/** Opens an engine on a browser's storage, with the other tabs as its peers, in any thread. */

import type { Engine } from '../engine/api.ts'
import { alone } from '../engine/host.ts'
import type { StoreLocation } from '../engine/worker-api.ts'
import { protocolVersion } from '../protocol/messages.ts'
import type { Connect } from '../protocol/port.ts'
import { databaseName } from '../storage/database.ts'
import { rotateLog } from '../storage/rotate-log.ts'
import { openBrowserStorage } from './browser-storage.ts'
import { browserPeers } from './peers.ts'
import { openBrowserJournal, openJournaled } from './outbox-journal/open.ts'
import { newID } from './random-id.ts'
import { openThreadEngine } from './thread.ts'

export const openBrowserEngine =
  (connectTo: (url: string) => Connect) =>
  async (location: StoreLocation): Promise<Engine> => {
    const name = databaseName(location)
    const peers =
      'BroadcastChannel' in globalThis ? browserPeers(`${name} v${protocolVersion}`) : alone
    const opening = openBrowserJournal(name, newID)
    // Nothing may open a database before the log is rotated.
    if (location.mayFollowCrash && !(await opening)?.hasOthers) await rotateLog()
    const [opened, journal] = await Promise.all([openBrowserStorage(name), opening])
    // Tabs that keep their rows in memory share no data.
    if (opened.mode === 'memory') peers.close()
    const shared = { storage: opened.storage, peers: opened.mode === 'memory' ? alone : peers }
    // A database that cannot be read yet cannot be checked either.
    const isReadable = opened.mode === 'memory' || !opened.error
    const journaled = isReadable ? await openJournaled(shared, journal, newID) : shared
    return openThreadEngine({ ...journaled, connect: connectTo(location.url) }, location)
  }
