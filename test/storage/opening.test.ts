/** Opening the database: other versions, other tabs, and connections that the browser ends. */

import 'fake-indexeddb/auto'
import { forceCloseDatabase } from 'fake-indexeddb'
import { expect, test } from 'vitest'
import { storageFailed } from '../../src/kernel/errors.ts'
import { newMember } from '../../src/kernel/model.ts'
import { nativeVersion, runTransaction, storeNames } from '../../src/storage/database.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { createLastingStorage } from '../../src/storage/lasting.ts'
import { isOlderStored, removeDatabase } from '../../src/storage/open-database.ts'
import type { Write } from '../../src/storage/port.ts'
import { openDatabase, recordsIn, resultOf } from './database.ts'

const members = { table: 'members', scope: 'crew' } as const
const put = (userID: string): Write => ({
  ...members,
  id: userID,
  row: newMember({ groupID: 'crew', userID, joinTime: 1 })
})

/** A database of another version, and its connection. */
async function openVersion(name: string, version: number): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version)
  request.onupgradeneeded = () => {
    if (request.result.objectStoreNames.length > 0) return
    request.result.createObjectStore('pages')
    request.result.createObjectStore('journal', { keyPath: 'commitNumber', autoIncrement: true })
  }
  return resultOf(request)
}

const remove = () => Promise.reject(new Error('not removed'))
const isUpgrade = () => Promise.resolve(false)

/** Lasting storage, with the connections it has opened and the errors it has reported. */
function openLasting(name: string) {
  const lost: string[] = []
  const storage = createLastingStorage({
    remove,
    isUpgrade,
    open: events => openDexieStorage(name, events)
  })
  storage.onLost?.(error => lost.push(error.name))
  return { storage, lost }
}

test('a newer database is refused and stays as it is', async () => {
  const newer = await openVersion('newer', nativeVersion + 10)
  await resultOf(newer.transaction('pages', 'readwrite').objectStore('pages').put('row', 'key'))
  newer.close()
  await expect(openDexieStorage('newer')).rejects.toMatchObject({ name: 'VersionError' })
  const after = await openDatabase('newer')
  expect(after.version).toBe(nativeVersion + 10)
  expect([...after.objectStoreNames]).toEqual(['journal', 'pages'])
  expect(await recordsIn(after, 'pages')).toEqual(['row'])
  after.close()
})

test('a database that lacks a store is refused and not changed', async () => {
  const request = indexedDB.open('lacking', nativeVersion)
  request.onupgradeneeded = () => request.result.createObjectStore('pages')
  const lacking = await resultOf(request)
  lacking.close()
  await expect(openDexieStorage('lacking')).rejects.toMatchObject({ name: 'DataError' })
  const after = await openDatabase('lacking')
  expect(after.version).toBe(nativeVersion)
  after.close()
})

test('an upgrade from version 4 keeps all rows', async () => {
  const storage = await openDexieStorage('upgraded')
  await storage.transact([], () => [put('ann')])
  await storage.close()
  const current = await openDatabase('upgraded')
  const records = await recordsIn(current, 'journal')
  current.close()
  await resultOf(indexedDB.deleteDatabase('upgraded'))
  const older = await openVersion('upgraded', 40)
  const journal = older.transaction('journal', 'readwrite').objectStore('journal')
  for (const record of records) await resultOf(journal.put(record))
  older.close()
  const upgraded = await openDexieStorage('upgraded')
  const { answers } = await upgraded.read([members])
  expect(answers[0]).toMatchObject([{ userID: 'ann' }])
  await upgraded.close()
})

test('a blocked upgrade reports the other tab and completes later', async () => {
  const older = await openVersion('blocked', 40)
  let isBlocked = false
  const opening = openDexieStorage('blocked', { onBlocked: () => (isBlocked = true) })
  await expect.poll(() => isBlocked).toBe(true)
  older.close()
  const storage = await opening
  expect((await storage.read([members])).answers).toEqual([[]])
  await storage.close()
})

test('storage opens again after the browser has closed its database', async () => {
  let database: IDBDatabase | undefined
  const open = indexedDB.open.bind(indexedDB)
  indexedDB.open = (...args) => {
    const request = open(...args)
    request.addEventListener('success', () => (database = request.result))
    return request
  }
  const { storage, lost } = openLasting('closed')
  await storage.transact([], () => [put('ann')])
  indexedDB.open = open
  forceCloseDatabase(database as never)
  await expect.poll(() => lost).toEqual(['InvalidStateError'])
  await storage.transact([], () => [put('bob')])
  expect((await storage.read([members])).answers[0]).toMatchObject([
    { userID: 'ann' },
    { userID: 'bob' }
  ])
  await storage.close()
})

test('work that fails after the browser has aborted its transaction rejects once', async () => {
  const database = await openVersion('aborted', nativeVersion)
  const transaction = database.transaction(storeNames, 'readwrite')
  const aborted = runTransaction(transaction, async ({ pages }) => {
    await resultOf(pages.put('value', ['key']))
    // The browser does so when it ends the database.
    transaction.abort()
    throw new DOMException('', 'AbortError')
  })
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
})

test('storage makes way for a newer build, and is refused after it', async () => {
  const { storage, lost } = openLasting('overtaken')
  await storage.transact([], () => [put('ann')])
  const newer = await openVersion('overtaken', nativeVersion + 10)
  expect(lost).toEqual(['VersionError'])
  await expect(storage.read([members])).rejects.toMatchObject({ name: 'VersionError' })
  newer.close()
  await storage.close()
})

test('storage opens an empty database after another tab has removed it', async () => {
  const { storage, lost } = openLasting('removed')
  await storage.transact([], () => [put('ann')])
  const other = await openDexieStorage('removed')
  await other.destroy()
  expect(lost).toEqual(['NotFoundError'])
  expect((await storage.read([members])).answers).toEqual([[]])
  await storage.close()
})

test('closed storage refuses calls and opens no database', async () => {
  const { storage } = openLasting('over')
  await storage.transact([], () => [put('ann')])
  await storage.close()
  await expect(storage.read([members])).rejects.toMatchObject({ name: 'InvalidStateError' })
  await storage.close()
  await storage.destroy()
})

/** Every error that IndexedDB may answer, and whether storage opens another connection after it. */
const errors: [name: string, isLost: boolean][] = [
  ['AbortError', true],
  ['ConstraintError', true],
  ['DataCloneError', true],
  ['DataError', true],
  ['InvalidAccessError', true],
  ['InvalidStateError', true],
  ['NotFoundError', true],
  ['NotReadableError', true],
  ['QuotaExceededError', false],
  ['ReadOnlyError', true],
  ['TimeoutError', true],
  ['TransactionInactiveError', true],
  ['UnknownError', true],
  ['VersionError', true]
]
test.each(errors)(
  'a transaction that fails with %s rejects, and the next works',
  async (name, isLost) => {
    let failing = false
    let opened = 0
    const lost: string[] = []
    const storage = createLastingStorage({
      remove,
      isUpgrade,
      open: async events => {
        opened++
        const real = await openDexieStorage(`fails ${name}`, events)
        const call = <T>(work: () => Promise<T>) =>
          failing ? Promise.reject(new DOMException('injected', name)) : work()
        return {
          ...real,
          read: queries => call(() => real.read(queries)),
          transact: (queries, body, durability) =>
            call(() => real.transact(queries, body, durability))
        }
      }
    })
    storage.onLost?.(error => lost.push(error.name))
    await storage.transact([], () => [put('ann')])
    failing = true
    await expect(storage.transact([], () => [put('bob')])).rejects.toMatchObject({ name })
    failing = false
    await storage.transact([], () => [put('cid')])
    expect((await storage.read([members])).answers[0]).toMatchObject([
      { userID: 'ann' },
      { userID: 'cid' }
    ])
    expect([opened, lost]).toEqual(isLost ? [2, [name]] : [1, []])
    await storage.close()
  }
)

test('storage that is closed while it cannot open settles at once', async () => {
  const storage = createLastingStorage({
    remove,
    isUpgrade,
    open: () => new Promise(() => undefined)
  })
  const reading = storage.read([members])
  await storage.close()
  await expect(storage.read([members])).rejects.toMatchObject({ name: 'InvalidStateError' })
  void reading.catch(() => undefined)
})

test('calls around a close are refused, and report no loss', async () => {
  const { storage, lost } = openLasting('closed while opening')
  const before = storage.read([members])
  const closing = storage.close()
  const after = storage.read([members])
  const answers = await Promise.allSettled([before, after, closing])
  const error = { name: 'InvalidStateError', message: 'The store is closed.' }
  expect(answers.map(answer => answer.status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  for (const answer of answers.slice(0, 2)) expect(answer).toMatchObject({ reason: error })
  await expect(storage.transact([], () => [put('ann')])).rejects.toThrow('The store is closed.')
  expect(lost).toEqual([])
})

test('a call after the close of an open database reports no loss', async () => {
  const { storage, lost } = openLasting('closed while open')
  await storage.open()
  await storage.close()
  await expect(storage.read([members])).rejects.toThrow('The store is closed.')
  expect(lost).toEqual([])
})

test('a blocked upgrade rejects calls at once', async () => {
  const older = await openVersion('blocked calls', 40)
  const { storage } = openLasting('blocked calls')
  await expect(storage.read([members])).rejects.toMatchObject({ name: 'BlockedError' })
  older.close()
  const read = () => storage.read([members])
  await expect
    .poll(() =>
      read().then(
        ({ answers }) => answers,
        () => 'blocked'
      )
    )
    .toEqual([[]])
  await storage.close()
})

test.each([
  ['a frozen tab blocks an upgrade', 40, 'BlockedError'],
  ['storage hangs', nativeVersion, 'TimeoutError']
])('an opening without an event says that %s', async (title, version, error) => {
  const stored = await openVersion(title, version)
  stored.close()
  const storage = createLastingStorage({
    remove,
    isUpgrade: () => isOlderStored(title),
    open: () => new Promise(() => undefined)
  })
  await expect(storage.read([members])).rejects.toMatchObject({ name: error })
})

test('a database that cannot be opened can be removed', async () => {
  const newer = await openVersion('unreadable', nativeVersion + 10)
  newer.close()
  const storage = createLastingStorage({
    remove: () => removeDatabase('unreadable'),
    isUpgrade,
    open: events => openDexieStorage('unreadable', events)
  })
  await expect(storage.read([members])).rejects.toMatchObject({ name: 'VersionError' })
  await storage.destroy()
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain('unreadable')
})

test('a removal that another tab blocks leaves no rows', async () => {
  const storage = await openDexieStorage('removal blocked')
  await storage.transact([], () => [put('ann')])
  // This connection ignores that the database is to be removed.
  const other = await openDatabase('removal blocked')
  await storage.destroy()
  expect(await recordsIn(other, 'journal')).toEqual([])
  other.close()
})

test('an opening that fails is tried again by the next call', async () => {
  let failures = 2
  const storage = createLastingStorage({
    remove,
    isUpgrade,
    open: events =>
      failures-- > 0
        ? Promise.reject(new DOMException('injected', 'UnknownError'))
        : openDexieStorage('fails to open', events)
  })
  for (let count = 0; count < 2; count++)
    await expect(storage.read([members])).rejects.toMatchObject({ name: 'UnknownError' })
  expect((await storage.read([members])).answers).toEqual([[]])
  await storage.close()
})

test.each([
  ['QuotaExceededError', 4516],
  ['VersionError', 4517],
  ['BlockedError', 4518],
  ['UnknownError', 4502]
])('%s of storage is refusal %i', (name, code) => {
  expect(storageFailed(new DOMException('', name)).code).toBe(code)
})
