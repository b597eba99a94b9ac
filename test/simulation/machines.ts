/** The machine of a run: the storage of devices and the database of the server. */

import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { must } from '../../src/kernel/must.ts'
import type { Storage } from '../../src/storage/port.ts'
import type { OpenStorage } from './disk.ts'
import type { Restorable } from './database.ts'

export type Machine = 'memory' | 'indexeddb' | 'pglite' | 'postgres'

export function openStorageOf(machine: Machine): OpenStorage {
  if (machine === 'indexeddb') {
    // A new factory, so that no run finds the databases of another.
    Object.assign(globalThis, { indexedDB: new IDBFactory(), IDBKeyRange })
    // So small a journal makes a checkpoint after almost every commit.
    return name => openDexieStorage(name, { journalTextMax: 1000 })
  }
  const databases = new Map<string, Storage>()
  return async name => {
    const storage = databases.get(name) ?? createMemoryStorage()
    databases.set(name, storage)
    return storage
  }
}

export async function openDatabaseOf(machine: Machine): Promise<Restorable> {
  if (machine === 'pglite')
    return must((await import('../server/databases.ts')).databases['PGlite'])()
  if (machine === 'postgres') return (await import('../server/postgres.ts')).openPostgres()
  return createMemoryDatabase('epoch-1')
}
