/** Pages, their index, and checkpoints. */

import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import { newMember } from '../../src/kernel/model.ts'
import { must } from '../../src/kernel/must.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import type { Write } from '../../src/storage/port.ts'
import { openDatabase, recordsIn, resultOf } from './database.ts'

const member = (groupID: string, userID: string) => newMember({ groupID, userID, joinTime: 1 })
const put = (groupID: string, userID: string): Write => ({
  table: 'members',
  scope: groupID,
  id: userID,
  row: member(groupID, userID)
})

test('a checkpoint removes deleted rows from the disk', async () => {
  const storage = await openDexieStorage('forgotten')
  await storage.transact([], () => [put('secret-group', 'ann')])
  await storage.transact([], () => [{ table: 'members', scope: 'secret-group', empty: true }])
  const database = await openDatabase('forgotten')
  const records = () => Promise.all(['pages', 'journal'].map(name => recordsIn(database, name)))
  await expect.poll(async () => JSON.stringify(await records())).not.toContain('secret-group')
  database.close()
  await storage.close()
})

test('a long journal is checkpointed without a quiet moment', async () => {
  const storage = await openDexieStorage('long', { journalTextMax: 100_000 })
  await storage.transact([], () =>
    Array.from({ length: 10 }, (_, index): Write => {
      const groupID = `g${index}`
      const entries = [{ key: 'seats', value: groupID.padEnd(16_384, 'x') }]
      return { table: 'attributes', scope: '', id: groupID, row: { groupID, entries } }
    })
  )
  const database = await openDatabase('long')
  const length = async (name: string) => JSON.stringify(await recordsIn(database, name)).length
  // A quiet moment begins after 5 s.
  await expect.poll(() => length('journal'), { timeout: 4000 }).toBeLessThan(1000)
  expect(await length('pages')).toBeGreaterThan(160_000)
  database.close()
  await storage.close()
})

test('a refused checkpoint loses nothing and is not retried at once', async () => {
  const storage = await openDexieStorage('refused', { journalTextMax: 0 })
  const refusedPut = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('There is no room.', 'QuotaExceededError')
  })
  await storage.transact([], () => [put('g', 'ann')])
  for (let turns = 0; turns < 200; turns++) await new Promise(resolve => setImmediate(resolve))
  const attempts = refusedPut.mock.calls.length
  refusedPut.mockRestore()
  expect(attempts).toBe(1)
  const { answers } = await storage.read([{ table: 'members', scope: 'g' }])
  expect(answers).toEqual([[member('g', 'ann')]])
  await storage.close()
})

test.each([
  ['that is no JSON', 'rubbish'],
  ['of numbers', '[5]'],
  ['that is no list', '{}'],
  ['with a name that is a number', '[["members/g",["1",5]]]'],
  ['with unsorted names', '[["members/g",["2","1"]]]'],
  ['that is missing', undefined]
])('a page index %s is rebuilt', async (title, damaged) => {
  const name = `index ${title}`
  const storage = await openDexieStorage(name)
  const userIDs = Array.from({ length: 2000 }, (_, index) => String(index).padStart(4, '0'))
  await storage.transact([], () => [
    { table: 'members', scope: 'g', block: userIDs.map(userID => member('g', userID)) }
  ])
  const database = await openDatabase(name)
  const store = database.transaction('pages', 'readwrite').objectStore('pages')
  expect(await resultOf(store.count(['names']))).toBe(1)
  if (damaged === undefined) store.delete(['names'])
  else store.put(damaged, ['names'])
  const ids = ['0000', '0999', '1999']
  const { answers } = await storage.read([{ table: 'members', scope: 'g', ids }])
  expect(answers[0].map(({ userID }) => userID)).toEqual(ids)
  database.close()
  await storage.close()
})

test('groups whose names and page names contain commas do not mix', async () => {
  const storage = await openDexieStorage('commas', { journalTextMax: 0 })
  // The second page begins with `second`.
  const users = (second: string) => {
    const numbers = Array.from({ length: 129 }, (_, index) => String(index).padStart(3, '0'))
    return [...numbers.map(each => `a${each}`), second, ...numbers.slice(1).map(each => `y${each}`)]
  }
  const groups = [
    ['g', 'b,c'],
    ['g,b', 'c']
  ] as const
  for (const [scope, second] of groups)
    await storage.transact([], () => [
      { table: 'members', scope, block: users(second).map(user => member(scope, user)) }
    ])
  for (const [scope, user] of groups)
    await storage.transact([{ table: 'members', scope, ids: [user] }], ([[row]]) => [
      { table: 'members', scope, id: user, row: { ...must(row), joinTime: 2 } }
    ])
  const scopes = ['g', 'g,b', 'g,b,c'].map(scope => ({ table: 'members', scope }) as const)
  const { answers } = await storage.read([
    ...scopes,
    ...scopes.map(query => ({ ...query, ids: ['b,c', 'c', 'y001'] }))
  ])
  const found = answers.map(rows =>
    rows.map(({ groupID, userID, joinTime }) => [groupID, userID, joinTime])
  )
  expect(found.map(rows => rows.length)).toEqual([258, 258, 0, 2, 2, 0])
  expect(found.slice(3)).toEqual([
    [
      ['g', 'b,c', 2],
      ['g', 'y001', 1]
    ],
    [
      ['g,b', 'c', 2],
      ['g,b', 'y001', 1]
    ],
    []
  ])
  await storage.close()
})

test('a database of an older version is refused', async () => {
  const request = indexedDB.open('older', 30)
  request.onupgradeneeded = () => {
    request.result.createObjectStore('pages')
    request.result.createObjectStore('journal', { keyPath: 'at', autoIncrement: true })
  }
  const older = await resultOf(request)
  older.close()
  await expect(openDexieStorage('older')).rejects.toThrow('older storage version')
})

test('the next visit checkpoints the journal of a visit that was killed', async () => {
  const killed = await openDexieStorage('killed visit')
  for (const userID of ['ann', 'bob', 'cid']) await killed.transact([], () => [put('crew', userID)])
  // Its own timer would start a checkpoint.
  await killed.close()
  const next = await openDexieStorage('killed visit')
  await next.read([{ table: 'members', scope: 'crew' }])
  const database = await openDatabase('killed visit')
  const records = () => recordsIn(database, 'journal')
  expect(await records()).toHaveLength(3)
  await expect.poll(async () => (await records()).length).toBe(1)
  database.close()
  await next.close()
})

test('an edit of a page keeps its damaged rows for the next read', async () => {
  const groupIDs = ['crew', 'den']
  const entries = (groupID: string) => ({ groupID, entries: [{ key: 'seat', value: 'ann' }] })
  const write = (groupID: string): Write => ({
    table: 'attributes',
    scope: '',
    id: groupID,
    row: entries(groupID)
  })
  const first = await openDexieStorage('edited', { journalTextMax: 0 })
  await first.transact([], () => groupIDs.map(write))
  const database = await openDatabase('edited')
  const key = ['attributes', '', '']
  const pages = () => database.transaction('pages', 'readwrite').objectStore('pages')
  await expect.poll(() => resultOf(pages().get(key))).toBeDefined()
  await resultOf(pages().put(JSON.stringify([null, 5, { seat: 1 }, entries('den')]), key))
  await first.transact([], () => [write('isle')])
  await expect.poll(() => resultOf(pages().get(key))).toContain('isle')
  const { answers } = await first.read([{ table: 'attributes', scope: '' }])
  expect(answers[0]).toEqual([
    { damaged: null },
    { damaged: 5 },
    { seat: 1 },
    entries('den'),
    entries('isle')
  ])
  database.close()
  await first.close()
})
