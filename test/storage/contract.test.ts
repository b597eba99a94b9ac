import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { storageContract } from '../../src/testing/storage-contract.ts'

describe('storage in IndexedDB', () =>
  storageContract({ test, expect }, openDexieStorage, { survives: true }))

describe('storage in IndexedDB with a checkpoint after every commit', () =>
  storageContract({ test, expect }, name => openDexieStorage(name, { journalTextMax: 0 }), {
    survives: true
  }))

describe('storage in memory', () =>
  storageContract({ test, expect }, () => Promise.resolve(createMemoryStorage()), {
    survives: false
  }))
