import { describe, expect, test } from 'vitest'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { storageContract } from '../../src/testing/storage-contract.ts'

describe('storage in real IndexedDB', () => {
  storageContract({ test, expect }, openDexieStorage, { survives: true })
})
