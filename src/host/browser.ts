/** Opens an engine on a browser's storage, with the other tabs as its peers, in any thread. */

import type { Engine, StorageState } from '../engine/api.ts'
import { alone } from '../engine/host.ts'
import type { StoreLocation } from '../engine/worker-api.ts'
import { storageFailed } from '../kernel/errors.ts'
import type { Connect } from '../protocol/port.ts'
import { databaseName } from '../storage/database.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import { rotateLog } from '../storage/rotate-log.ts'
import { openBrowserStorage, type BrowserStorage } from './browser-storage.ts'
import { channelName } from './page-closed.ts'
import { endIfLoggedOut } from './logged-out.ts'
import { browserPeers } from './peers.ts'
import type { OutboxJournal } from './outbox-journal/journal.ts'
import {
  checkDatabase,
  openBrowserJournal,
  openJournaled,
  type Journaled
} from './outbox-journal/open.ts'
import type { Recovery } from './outbox-journal/recovery.ts'
import { newID } from './random-id.ts'
import { createReturning } from './returning.ts'
import { openThreadEngine } from './thread.ts'
import { setTimer } from './timer.ts'

export const openBrowserEngine =
  (connectTo: (url: string) => Connect) =>
  async (location: StoreLocation): Promise<Engine> => {
    const name = databaseName(location)
    const peers = 'BroadcastChannel' in globalThis ? browserPeers(channelName(location)) : alone
    const [opened, journal] = await Promise.all([
      openBrowserStorage(name),
      openBrowserJournal(name, newID)
    ])
    const shared =
      opened.mode === 'indexedDB'
        ? { storage: opened.storage, peers }
        : createReturning({
            memory: createMemoryStorage(),
            database: opened.storage,
            peers,
            check: database => checkDatabase(database, newID),
            onReturned: databaseID => journal?.rename(databaseID),
            setTimer
          })
    // A database that cannot be read yet cannot be checked either.
    const isReadable = opened.mode === 'memory' || !opened.error
    const journaled: Journaled = isReadable
      ? await openJournaled(shared, journal, newID)
      : { ...shared, recovery: undefined }
    const { recovery } = journaled
    const connect = connectTo(location.url)
    const isShared = opened.mode === 'indexedDB'
    if (isShared && (await endIfLoggedOut(location.databaseID, journaled, journal))) {
      peers.close()
      return openEndedEngine(connect, location)
    }
    if (mayHaveTornLog(location, journal)) void rotateLog()
    const ports = { ...shared, ...journaled, storageState: stateOf(opened, recovery), connect }
    const engine = openThreadEngine(ports, location)
    return isShared && recovery ? { ...engine, databaseID: recovery.databaseID } : engine
  }

/** An engine that is closed, for a page that does not know yet that its user has logged out. */
async function openEndedEngine(connect: Connect, location: StoreLocation): Promise<Engine> {
  const engine = openThreadEngine(
    { storage: createMemoryStorage(), connect },
    { ...location, paused: true }
  )
  await engine.close()
  return engine
}

/** While another worker lives, the browser has not been killed. */
const mayHaveTornLog = (
  { mayFollowCrash }: StoreLocation,
  journal: OutboxJournal | undefined
): boolean =>
  'dataLoss' in IDBVersionChangeEvent.prototype &&
  !journal?.hasOthers &&
  (mayFollowCrash || journal?.hasOpenOperations === true)

function stateOf(
  { mode, error, isDataLost }: BrowserStorage,
  recovery: Recovery | undefined
): StorageState {
  const { found = 'intact', restored = [] } = recovery ?? {}
  const kind =
    found === 'rolledBack' ? found : found === 'wiped' || isDataLost ? 'wiped' : undefined
  return {
    mode,
    error: mode === 'memory' && error ? storageFailed(error) : null,
    loss: kind ? { kind, restored: restored.length } : null,
    damagedRows: 0,
    evictedGroups: 0
  }
}
