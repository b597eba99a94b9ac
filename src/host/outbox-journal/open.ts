/** Puts an outbox journal beside a storage: checks the database first, then copies every change. */

import type { Peers } from '../../engine/host.ts'
import type { Storage } from '../../storage/port.ts'
import { openCacheFolder } from './cache-folder.ts'
import { openOutboxJournal, type OutboxJournal } from './journal.ts'
import { openOpfsFolder } from './opfs-folder.ts'
import { recover, type EarlierFiles, type Recovery } from './recovery.ts'
import { journaledPeers, journaledStorage } from './storage.ts'

export type Journaled = {
  readonly storage: Storage
  readonly peers: Peers
  /** `undefined`: storage refuses. */
  readonly recovery: Recovery | undefined
}

/** `undefined`: this browser, window or page keeps no files. */
export async function openBrowserJournal(
  database: string,
  newID: () => string
): Promise<OutboxJournal | undefined> {
  const folder = (await openOpfsFolder(database)) ?? (await openCacheFolder(database))
  return folder && openOutboxJournal(folder, newID)
}

export async function openJournaled(
  { storage, peers }: { readonly storage: Storage; readonly peers: Peers },
  journal: OutboxJournal | undefined,
  newID: () => string
): Promise<Journaled> {
  try {
    const recovery = await recover(storage, journal ?? noFiles, newID)
    if (!journal) return { storage, peers, recovery }
    return {
      storage: journaledStorage(storage, journal),
      peers: journaledPeers(peers, journal),
      recovery
    }
  } catch {
    // Expected: storage refuses. The files stay, and the next start retries.
    await journal?.close()
    return { storage, peers, recovery: undefined }
  }
}

/** Checks a database that was opened later than the journal. */
export const checkDatabase = (storage: Storage, newID: () => string): Promise<Recovery> =>
  recover(storage, noFiles, newID)

const noFiles: EarlierFiles = {
  earlier: [],
  removedIDs: [],
  endedOperations: new Set(),
  hasOthers: true,
  begin: () => Promise.resolve()
}
