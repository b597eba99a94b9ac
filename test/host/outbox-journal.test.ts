import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alone, type PeerMessage, type Peers } from '../../src/engine/host.ts'
import { openOutboxJournal } from '../../src/host/outbox-journal/journal.ts'
import { openJournaled } from '../../src/host/outbox-journal/open.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage, Write } from '../../src/storage/port.ts'
import type { Pending, Settled } from '../../src/storage/tables.ts'
import { createTestFolder, type TestFolder } from './journal-folder.ts'

let count = 0
const newID = () => `id-${String(++count).padStart(19, '0')}`

const pending = (opID: string): Pending => ({
  opID,
  order: 1,
  name: 'quitGroup',
  args: { groupID: 'group' },
  groupID: 'group',
  askedAtMs: 1,
  askedAtServerSeconds: 1,
  seen: 0
})

const addition = (opID: string): Write => ({
  table: 'outbox',
  scope: '',
  id: opID,
  row: pending(opID)
})

function settling(opID: string): Write[] {
  const { name, args, askedAtMs } = pending(opID)
  const verdict = { kind: 'applied', opID, groupID: 'group', seq: 1 } as Settled['verdict']
  return [
    { table: 'outbox', scope: '', id: opID, row: null },
    { table: 'verdicts', scope: '', id: opID, row: { verdict, name, args, askedAtMs } }
  ]
}

const start = async (storage: Storage, folder: TestFolder, peers: Peers = alone) =>
  openJournaled({ storage, peers }, await openOutboxJournal(folder, newID), newID)

/** Endings are written in the next task. */
const nextTask = () => new Promise(resolve => setTimeout(resolve))

const commit = (storage: Storage, ...writes: Write[]) => storage.transact([], () => writes)

async function outboxOf(storage: Storage): Promise<string[]> {
  const { answers } = await storage.read([{ table: 'outbox', scope: '' }])
  return answers[0].map(({ opID }) => opID)
}

/** A storage, and a copy of its rows as they are now. */
async function copyOf(storage: Storage): Promise<Storage> {
  const copy = createMemoryStorage()
  const { answers } = await storage.read([
    { table: 'outbox', scope: '' },
    { table: 'database', scope: '' }
  ])
  const [outbox, [database]] = answers
  await copy.transact([], () => [
    ...outbox.map(({ opID }) => addition(opID)),
    ...(database ? [{ table: 'database', scope: '', id: '', row: database } as const] : [])
  ])
  return copy
}

test('a first start finds a new database', async () => {
  const { recovery } = await start(createMemoryStorage(), createTestFolder())
  expect(recovery).toMatchObject({ found: 'new', restored: [] })
})

test('a second start finds the database intact and writes nothing', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  const first = await start(storage, folder)
  await commit(first.storage, addition('a'))
  const { commitNumber } = await storage.read([])
  folder.die()
  const { recovery } = await start(storage, folder)
  expect(recovery).toMatchObject({ found: 'intact', restored: [] })
  expect((await storage.read([])).commitNumber).toBe(commitNumber)
})

test('operations of a wiped database are put back', async () => {
  const folder = createTestFolder()
  const first = await start(createMemoryStorage(), folder)
  await commit(first.storage, addition('a'))
  await commit(first.storage, addition('b'))
  folder.die()
  const wiped = createMemoryStorage()
  const { recovery } = await start(wiped, folder)
  expect(recovery?.found).toBe('wiped')
  expect(await outboxOf(wiped)).toEqual(['a', 'b'])
})

test('a database whose ID is damaged is intact', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  const first = await start(storage, folder)
  await commit(first.storage, addition('a'))
  const row = { databaseID: 1, endedIDs: [] } as never
  await commit(storage, { table: 'database', scope: '', id: '', row })
  for (let starts = 0; starts < 2; starts++) {
    folder.die()
    expect((await start(storage, folder)).recovery).toMatchObject({ found: 'intact', restored: [] })
  }
})

test('a rolled back database is recognised after it was filled again', async () => {
  const folder = createTestFolder()
  const first = await start(createMemoryStorage(), folder)
  // The browser has emptied the database, and this worker writes its rows again.
  const row = { databaseID: newID(), endedIDs: [] }
  const named: Write = { table: 'database', scope: '', id: '', row }
  await commit(first.storage, named, addition('a'))
  const earlier = createMemoryStorage()
  await commit(earlier, named, addition('a'))
  await commit(first.storage, addition('b'))
  folder.die()
  const { recovery } = await start(earlier, folder)
  expect(recovery?.found).toBe('rolledBack')
  expect(await outboxOf(earlier)).toEqual(['a', 'b'])
})

test('operations are put back after two wipes in a row', async () => {
  const folder = createTestFolder()
  const first = await start(createMemoryStorage(), folder)
  await commit(first.storage, addition('a'))
  folder.die()
  await start(createMemoryStorage(), folder)
  folder.die()
  const wiped = createMemoryStorage()
  await start(wiped, folder)
  expect(await outboxOf(wiped)).toEqual(['a'])
})

test('operations of a database that was rolled back are put back', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  const first = await start(storage, folder)
  await commit(first.storage, addition('a'))
  const earlier = await copyOf(storage)
  await commit(first.storage, addition('b'))
  await commit(first.storage, addition('c'))
  folder.die()
  const { recovery } = await start(earlier, folder)
  expect(recovery?.found).toBe('rolledBack')
  expect(await outboxOf(earlier)).toEqual(['a', 'b', 'c'])
})

test('a settled operation is not put back', async () => {
  const folder = createTestFolder()
  const first = await start(createMemoryStorage(), folder)
  await commit(first.storage, addition('a'))
  await commit(first.storage, ...settling('a'))
  await nextTask()
  folder.die()
  const wiped = createMemoryStorage()
  await start(wiped, folder)
  expect(await outboxOf(wiped)).toEqual([])
})

test('an operation that another tab has settled is not put back', async () => {
  const folder = createTestFolder()
  let receive: (message: PeerMessage) => void = () => undefined
  const peers: Peers = { ...alone, listen: onMessage => void (receive = onMessage) }
  const first = await start(createMemoryStorage(), folder, peers)
  first.peers.listen(() => undefined)
  await commit(first.storage, addition('a'))
  receive({ type: 'committed', commits: [{ commitNumber: 2, writes: settling('a') }] })
  await nextTask()
  folder.die()
  const wiped = createMemoryStorage()
  await start(wiped, folder)
  expect(await outboxOf(wiped)).toEqual([])
})

test('an operation that storage refused is not put back', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  const full: Storage = {
    ...storage,
    async transact(queries, body, durability) {
      await storage.transact(queries, answers => (body(answers), []), durability)
      throw new DOMException('', 'QuotaExceededError')
    }
  }
  await start(storage, folder)
  folder.die()
  const second = await start(full, folder)
  await expect(commit(second.storage, addition('a'))).rejects.toThrow()
  folder.die()
  const wiped = createMemoryStorage()
  await start(wiped, folder)
  expect(await outboxOf(wiped)).toEqual([])
})

test('operations come back although storage refused to write them again', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  let isFull = false
  const limited: Storage = {
    ...storage,
    async transact(queries, body, durability) {
      if (!isFull) return storage.transact(queries, body, durability)
      await storage.transact(queries, answers => (body(answers), []), durability)
      throw new DOMException('', 'QuotaExceededError')
    }
  }
  const first = await start(limited, folder)
  await commit(first.storage, addition('a'))
  isFull = true
  await expect(commit(first.storage, addition('a'))).rejects.toThrow()
  await nextTask()
  folder.die()
  const wiped = createMemoryStorage()
  await start(wiped, folder)
  expect(await outboxOf(wiped)).toEqual(['a'])
})

test('a tab beside a living one puts back the operations of a lost database', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  await commit((await start(storage, folder)).storage, addition('a'))
  await commit((await start(storage, folder)).storage, addition('b'))
  folder.die()
  // Each of the tabs that open again has locked one file first.
  const second = [...folder.files.keys()][1] ?? ''
  const locked = await folder.open(second)
  const wiped = createMemoryStorage()
  await start(wiped, folder)
  expect(await outboxOf(wiped)).toEqual(['a'])
  await locked?.close()
  await start(wiped, folder)
  expect(await outboxOf(wiped)).toEqual(['a', 'b'])
})

test('an operation whose damaged row was refused is not put back', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  const first = await start(storage, folder)
  await commit(first.storage, addition('a'))
  const verdict = settling('a').slice(1)
  await commit(first.storage, { table: 'outbox', scope: '', empty: true }, ...verdict)
  await commit(first.storage, { table: 'verdicts', scope: '', id: 'a', row: null })
  await nextTask()
  folder.die()
  await start(storage, folder)
  expect(await outboxOf(storage)).toEqual([])
})

test('a logout counts although its tab died before the removal', async () => {
  const folder = createTestFolder()
  const first = await start(createMemoryStorage(), folder)
  await commit(first.storage, addition('a'))
  const row = { term: 1, isSealed: true } as const
  await commit(first.storage, { table: 'lease', scope: '', id: '', row })
  await nextTask()
  folder.die()
  const next = createMemoryStorage()
  const { recovery } = await start(next, folder)
  expect(recovery).toMatchObject({ found: 'new', restored: [] })
  expect(await outboxOf(next)).toEqual([])
})

test('a logout counts although its file is emptied at that moment', async () => {
  const folder = createTestFolder()
  const { storage } = await start(createMemoryStorage(), folder)
  for (let index = 0; index < 1000; index++) {
    await commit(storage, addition(`operation-${index}`))
    await commit(storage, ...settling(`operation-${index}`))
  }
  await storage.destroy()
  folder.die()
  expect((await start(createMemoryStorage(), folder)).recovery?.found).toBe('new')
})

test('an operation that ended in a removed database is not put back from another', async () => {
  const folder = createTestFolder()
  await commit((await start(createMemoryStorage(), folder)).storage, addition('a'))
  const other = await start(createMemoryStorage(), folder)
  await commit(other.storage, addition('a'))
  await commit(other.storage, ...settling('a'))
  await other.storage.destroy()
  folder.die()
  const next = createMemoryStorage()
  await start(next, folder)
  expect(await outboxOf(next)).toEqual([])
})

test('operations of a database that a logout removed stay away', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  const first = await start(storage, folder)
  const other = await start(storage, folder)
  await commit(other.storage, addition('a'))
  await first.storage.destroy()
  folder.die()
  const next = createMemoryStorage()
  const { recovery } = await start(next, folder)
  expect(recovery).toMatchObject({ found: 'new', restored: [] })
  expect(await outboxOf(next)).toEqual([])
})

test('the file of a living worker is left alone', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  const first = await start(storage, folder)
  await commit(first.storage, addition('a'))
  await start(storage, folder)
  await commit(first.storage, addition('b'))
  folder.die()
  const wiped = createMemoryStorage()
  await start(wiped, folder)
  expect(await outboxOf(wiped)).toEqual(['a', 'b'])
})

test('a worker beside living ones puts back nothing of an intact database', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  const first = await start(storage, folder)
  await commit(first.storage, addition('a'))
  folder.die()
  await start(storage, folder)
  // The verdict is dismissed already, and the file that says so is locked.
  await commit(storage, { table: 'outbox', scope: '', id: 'a', row: null })
  await start(storage, folder)
  expect(await outboxOf(storage)).toEqual([])
})

test('operations are stored although the disk refuses the journal', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  const first = await start(storage, folder)
  folder.isFull = true
  await commit(first.storage, addition('a'))
  expect(await outboxOf(storage)).toEqual(['a'])
})

test('operations wait in the journal while storage refuses to be read', async () => {
  const folder = createTestFolder()
  const first = await start(createMemoryStorage(), folder)
  await commit(first.storage, addition('a'))
  folder.die()
  const broken: Storage = {
    ...createMemoryStorage(),
    read: () => Promise.reject(new DOMException('', 'UnknownError'))
  }
  await start(broken, folder)
  folder.die()
  const wiped = createMemoryStorage()
  await start(wiped, folder)
  expect(await outboxOf(wiped)).toEqual(['a'])
})

test('files of dead workers are removed', async () => {
  const folder = createTestFolder()
  const storage = createMemoryStorage()
  for (let starts = 0; starts < 3; starts++) {
    await start(storage, folder)
    folder.die()
  }
  expect(folder.files.size).toBe(1)
})

test('a journal without open operations stays small', async () => {
  const folder = createTestFolder()
  const { storage } = await start(createMemoryStorage(), folder)
  for (let index = 0; index < 1000; index++) {
    await commit(storage, addition(`operation-${index}`))
    await commit(storage, ...settling(`operation-${index}`))
    await nextTask()
  }
  const [file] = folder.files.values()
  expect(file?.length).toBeLessThan(300_000)
})

test('operations of one commit are written together', async () => {
  const folder = createTestFolder()
  const { storage } = await start(await openDexieStorage('together'), folder)
  folder.appends = 0
  const opIDs = Array.from({ length: 100 }, (_, index) => `operation-${index}`)
  await Promise.all(opIDs.map(opID => commit(storage, addition(opID))))
  await nextTask()
  expect(folder.appends).toBe(2)
  await storage.close()
})

test('damaged bytes cost at most the operations after them', () =>
  fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(255), fc.nat(), async (at, value, cut) => {
      const folder = createTestFolder()
      const first = await start(createMemoryStorage(), folder)
      const opIDs = ['a', 'b', 'c', 'd']
      for (const opID of opIDs) await commit(first.storage, addition(opID))
      folder.die()
      const [[name, bytes] = ['', new Uint8Array()]] = folder.files
      const damaged = bytes.slice(0, bytes.length - (cut % 300))
      const index = at % damaged.length
      damaged[index] = value
      folder.files.set(name, damaged)
      const wiped = createMemoryStorage()
      await start(wiped, folder)
      const restored = await outboxOf(wiped)
      expect(restored).toEqual(opIDs.slice(0, restored.length))
    }),
    { numRuns: 100 }
  ))
