/** The storage contract over a key-value host. */

import { describe, expect, test } from 'vitest'
import { createMemoryHost } from '../../../src/storage/key-value/hosts/memory.ts'
import { openKeyValueStorage } from '../../../src/storage/key-value/storage.ts'
import { storageContract } from '../../../src/testing/storage-contract.ts'

const host = createMemoryHost()

describe('storage over a key-value host', () =>
  storageContract({ test, expect }, name => openKeyValueStorage(host, name), { survives: true }))

describe('storage over a key-value host with a checkpoint after every commit', () =>
  storageContract(
    { test, expect },
    name => openKeyValueStorage(host, name, { journalRecordsMax: 0 }),
    { survives: true }
  ))

describe('storage over a host with values of 300 bytes', () => {
  const small = createMemoryHost({ bytesPerValue: 300, bytesInAll: 10_000_000 })
  storageContract(
    { test, expect },
    name => openKeyValueStorage(small, name, { journalRecordsMax: 3 }),
    { survives: true }
  )
})
