/** A page without a worker, whose database was lost or removed meanwhile. */

import { beforeEach, expect, test } from 'vitest'
import { alone } from '../../src/engine/host.ts'
import { endIfLoggedOut } from '../../src/host/logged-out.ts'
import { openOutboxJournal } from '../../src/host/outbox-journal/journal.ts'
import { openJournaled } from '../../src/host/outbox-journal/open.ts'
import { must } from '../../src/kernel/must.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage, Write } from '../../src/storage/port.ts'
import { createTestFolder, type TestFolder } from './journal-folder.ts'

let count = 0
const newID = () => `id-${String(++count).padStart(19, '0')}`

let folder: TestFolder
let disk: Storage
let removals: number
beforeEach(async () => {
  folder = createTestFolder()
  removals = 0
  await fill()
})

/** Another database is there from now on. */
function fill(...writes: Write[]): Promise<number> {
  const memory = createMemoryStorage()
  disk = { ...memory, destroy: () => (removals++, memory.destroy()) }
  return disk.transact([], () => writes)
}

async function openWorker() {
  const journal = await openOutboxJournal(folder, newID)
  const journaled = await openJournaled({ storage: disk, peers: alone }, journal, newID)
  return {
    ...journaled,
    databaseID: must(journaled.recovery).databaseID,
    journal,
    isOver: (knownID: string) => endIfLoggedOut(knownID, journaled, journal)
  }
}

/** Another tab stores an operation. */
async function openTab() {
  const tab = await openWorker()
  await tab.storage.transact([], () => [operation('a')])
  return tab
}

const operation = (opID: string): Write => ({
  table: 'outbox',
  scope: '',
  id: opID,
  row: {
    opID,
    order: 1,
    name: 'quitGroup',
    args: { groupID: 'group' },
    groupID: 'group',
    askedAtMs: 1,
    askedAtServerSeconds: 1,
    seen: 0
  }
})

const removal = (opID: string): Write => ({ table: 'outbox', scope: '', id: opID, row: null })

const outbox = async () =>
  (await disk.read([{ table: 'outbox', scope: '' }])).answers[0].map(({ opID }) => opID)

/** The ID of the database that a page knows. Its worker has ended since. */
async function hiddenPage(): Promise<string> {
  const { databaseID, journal } = await openWorker()
  await journal?.close()
  return databaseID
}

const seal = () =>
  disk.transact([], () => [
    { table: 'lease', scope: '', id: '', row: { term: 1, isSealed: true } } as const
  ])

test('a page hidden during a logout ends its store and leaves no database', async () => {
  const knownID = await hiddenPage()
  const tab = await openWorker()
  await tab.storage.destroy()
  expect(await (await openWorker()).isOver(knownID)).toBe(true)
  expect(removals).toBe(2)
})

test('a page hidden during a logout ends its store beside a new login', async () => {
  const knownID = await hiddenPage()
  await (await openWorker()).storage.destroy()
  await openTab()
  expect(await (await openWorker()).isOver(knownID)).toBe(true)
  expect([await outbox(), removals]).toEqual([['a'], 1])
})

test('a hidden page keeps the rows of a closed login', async () => {
  const knownID = await hiddenPage()
  await (await openWorker()).storage.destroy()
  await openTab()
  folder.die()
  expect(await (await openWorker()).isOver(knownID)).toBe(true)
  expect([await outbox(), removals]).toEqual([['a'], 1])
})

test('a page ends its store on a database that a dying tab has sealed', async () => {
  const knownID = await hiddenPage()
  await openTab()
  await disk.transact([], () => [removal('a')])
  await seal()
  folder.die()
  expect(await (await openWorker()).isOver(knownID)).toBe(true)
  expect([await outbox(), removals]).toEqual([[], 1])
})

test('an operation of a sealed database is not put back', async () => {
  await openTab()
  await disk.transact([], () => [removal('a')])
  await seal()
  folder.die()
  await openWorker()
  folder.die()
  await fill()
  await openWorker()
  expect(await outbox()).toEqual([])
})

test('a sealed database stays while other workers are alive', async () => {
  const knownID = await hiddenPage()
  await openWorker()
  await seal()
  expect(await (await openWorker()).isOver(knownID)).toBe(true)
  expect(removals).toBe(0)
})

test('a lost database that another tab has filled is no logout', async () => {
  const knownID = await hiddenPage()
  const row = { databaseID: newID(), endedIDs: [] }
  await fill({ table: 'database', scope: '', id: '', row }, operation('a'))
  expect(await (await openWorker()).isOver(knownID)).toBe(false)
  expect([await outbox(), removals]).toEqual([['a'], 0])
})

test('a lost database beside other hidden pages is no logout', async () => {
  const first = await hiddenPage()
  const tab = await openTab()
  folder.die()
  await fill()
  const lost = await openWorker()
  expect([tab.databaseID, await lost.isOver(first)]).toEqual([first, false])
  folder.die()
  const next = await openWorker()
  expect([await next.isOver(first), await outbox(), removals]).toEqual([false, ['a'], 0])
})

test('a rolled back database is no logout', async () => {
  const knownID = await hiddenPage()
  await openTab()
  // The journal writes the number of the commit in the next task.
  await new Promise(resolve => setTimeout(resolve))
  folder.die()
  const row = { databaseID: knownID, endedIDs: [] }
  await fill({ table: 'database', scope: '', id: '', row })
  const page = await openWorker()
  expect([page.recovery?.found, await page.isOver(knownID)]).toEqual(['rolledBack', false])
  expect([await outbox(), removals]).toEqual([['a'], 0])
})
