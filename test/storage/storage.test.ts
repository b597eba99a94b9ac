import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { isColumnBlock, encodeRows } from '../../src/protocol/column-block.ts'
import { must } from '../../src/kernel/must.ts'
import { newMember } from '../../src/kernel/model.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { StorageQuery, Storage, Write } from '../../src/storage/port.ts'
import { storageContract } from '../../src/testing/storage-contract.ts'

describe('storage in IndexedDB', () =>
  storageContract({ test, expect }, openDexieStorage, { survives: true }))

describe('storage in IndexedDB that folds its journal at every moment', () =>
  storageContract({ test, expect }, name => openDexieStorage(name, { journalRowsMax: 0 }), {
    survives: true
  }))

describe('storage in memory', () =>
  storageContract({ test, expect }, () => Promise.resolve(createMemoryStorage()), {
    survives: false
  }))

const ids = Array.from({ length: 600 }, (_, index) => `u${String(index).padStart(3, '0')}`)
const scopes = ['a', 'b']
const member = (groupID: string, userID: string, version: number) =>
  newMember({ groupID, userID, joinTime: 1, nameCard: `version ${version}` })

type Step = {
  readonly tab: number
  readonly writes: readonly Write[]
  readonly query: StorageQuery
  readonly readers: readonly number[]
}
const scope = fc.constantFrom(...scopes)
const write: fc.Arbitrary<(version: number) => Write> = fc
  .oneof(
    { weight: 6, arbitrary: fc.record({ scope, id: fc.constantFrom(...ids) }) },
    { weight: 1, arbitrary: fc.record({ scope, empty: fc.constant(true as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        scope,
        from: fc.nat(580),
        count: fc.constantFrom(1, 20, 128, 150, 256, 257, 400),
        isPacked: fc.boolean()
      })
    },
    {
      weight: 3,
      arbitrary: fc.record({ scope, id: fc.constantFrom(...ids), isGone: fc.constant(true) })
    }
  )
  .map(drawn => version => {
    const part = { table: 'members', scope: drawn.scope } as const
    if ('empty' in drawn) return { ...part, empty: true }
    if ('from' in drawn) {
      const rows = ids
        .slice(drawn.from, drawn.from + drawn.count)
        .map(id => member(drawn.scope, id, version))
      const packed = encodeRows(rows)
      return { ...part, block: drawn.isPacked && isColumnBlock(packed) ? packed : rows }
    }
    return {
      ...part,
      id: drawn.id,
      row: 'isGone' in drawn ? null : member(drawn.scope, drawn.id, version)
    }
  })
const query = fc
  .record({ scope, ids: fc.option(fc.subarray(ids, { maxLength: 30 })) })
  .map(({ scope, ids }): StorageQuery => ({ table: 'members', scope, ...(ids && { ids }) }))
const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.record({
      tab: fc.nat(2),
      writes: fc.array(write, { maxLength: 6 }),
      query,
      readers: fc.subarray([0, 1, 2])
    }),
    {
      minLength: 1,
      maxLength: 40
    }
  )
  .map(drawn =>
    drawn.map((step, version) => ({ ...step, writes: step.writes.map(each => each(version)) }))
  )

test('three tabs on one database see what memory would hold, whenever one of them folds the journal', async () => {
  let count = 0
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(0, 1, 5, 1000), async (steps, journalRowsMax) => {
      const name = `tabs ${count++}`
      const open = () => openDexieStorage(name, { journalRowsMax })
      const tabs = [await open(), await open(), await open()]
      const model = createMemoryStorage()
      for (const { tab, writes, query, readers } of steps) {
        await model.transact([], () => writes)
        await tabs[tab]?.transact([], () => writes)
        // Whoever folds goes on meanwhile.
        const expected = (await model.read([query])).answers
        for (const found of await Promise.all(readers.map(reader => tabs[reader]!.read([query]))))
          expect(found.answers).toEqual(expected)
      }
      // One that knows nothing yet.
      tabs.push(await open())
      for (const each of tabs) await expectSame(each, model)
      await Promise.all(tabs.map(each => each.close()))
      await Dexie.delete(name)
    }),
    { numRuns: 100 }
  )
})

async function expectSame(storage: Storage, model: Storage): Promise<void> {
  for (const scope of scopes) {
    const everything = [{ table: 'members', scope }] as const
    expect((await storage.read(everything)).answers).toEqual((await model.read(everything)).answers)
  }
}

test('what was emptied is not on the disk any more after a quiet moment', async () => {
  const storage = await openDexieStorage('forgotten')
  await storage.transact([], () => [
    { table: 'members', scope: 'secret-group', id: 'ann', row: member('secret-group', 'ann', 1) }
  ])
  await storage.transact([], () => [{ table: 'members', scope: 'secret-group', empty: true }])
  const database = await new Promise<IDBDatabase>(resolve => {
    const opening = indexedDB.open('forgotten')
    opening.onsuccess = () => resolve(opening.result)
  })
  const records = () =>
    Promise.all(
      ['pages', 'journal'].map(
        name =>
          new Promise(resolve => {
            const request = database.transaction(name).objectStore(name).getAll()
            request.onsuccess = () => resolve(request.result)
          })
      )
    )
  await expect.poll(async () => JSON.stringify(await records())).not.toContain('secret-group')
  database.close()
  await storage.close()
})

test('a fold that storage refuses loses nothing, and is not tried again at once', async () => {
  const storage = await openDexieStorage('refused', { journalRowsMax: 0 })
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('There is no room.', 'QuotaExceededError')
  })
  await storage.transact([], () => [
    { table: 'members', scope: 'g', id: 'ann', row: member('g', 'ann', 1) }
  ])
  for (let turns = 0; turns < 200; turns++) await new Promise(resolve => setImmediate(resolve))
  const attempts = put.mock.calls.length
  put.mockRestore()
  expect(attempts).toBe(1)
  expect((await storage.read([{ table: 'members', scope: 'g' }])).answers).toEqual([
    [member('g', 'ann', 1)]
  ])
  await storage.close()
})

test('rows of many pages are found, also where the names of the pages were lost', async () => {
  const storage = await openDexieStorage('named')
  const names = Array.from({ length: 2000 }, (_, index) => String(index).padStart(4, '0'))
  await storage.transact([], () => [
    { table: 'members', scope: 'g', block: names.map(name => member('g', name, 1)) }
  ])
  const database = await new Promise<IDBDatabase>(resolve => {
    const opening = indexedDB.open('named')
    opening.onsuccess = () => resolve(opening.result)
  })
  const find = async () =>
    (await storage.read([{ table: 'members', scope: 'g', ids: ['0000', '0999', '1999'] }]))
      .answers[0]
  for (const damage of [
    'rubbish',
    '[5]',
    '{}',
    '[["members/g",["1",5]]]',
    '[["members/g",["2","1"]]]',
    undefined
  ]) {
    expect((await find()).map(({ userID }) => userID)).toEqual(['0000', '0999', '1999'])
    const store = database.transaction('pages', 'readwrite').objectStore('pages')
    expect(
      await new Promise(
        resolve =>
          (store.count(['names']).onsuccess = event => resolve((event.target as IDBRequest).result))
      )
    ).toBe(1)
    if (damage === undefined) store.delete(['names'])
    else store.put(damage, ['names'])
  }
  expect((await find()).length).toBe(3)
  database.close()
  await storage.close()
})

test('groups whose names differ only in where a comma stands do not mix', async () => {
  const storage = await openDexieStorage('commas', { journalRowsMax: 0 })
  // The second page begins with this one.
  const users = (second: string) => {
    const numbers = Array.from({ length: 129 }, (_, index) => String(index).padStart(3, '0'))
    return [...numbers.map(each => `a${each}`), second, ...numbers.slice(1).map(each => `y${each}`)]
  }
  for (const [scope, second] of [
    ['g', 'b,c'],
    ['g,b', 'c']
  ] as const)
    await storage.transact([], () => [
      { table: 'members', scope, block: users(second).map(user => member(scope, user, 1)) }
    ])
  for (const [scope, user] of [
    ['g', 'b,c'],
    ['g,b', 'c']
  ] as const)
    await storage.transact([{ table: 'members', scope, ids: [user] }], ([[row]]) => [
      { table: 'members', scope, id: user, row: { ...must(row), joinTime: 2 } }
    ])
  const scopes = ['g', 'g,b', 'g,b,c'].map(scope => ({ table: 'members', scope }) as const)
  const found = await storage.read([
    ...scopes,
    ...scopes.map(query => ({ ...query, ids: ['b,c', 'c', 'y001'] }))
  ])
  const shown = found.answers.map(rows =>
    rows.map(({ groupID, userID, joinTime }) => [groupID, userID, joinTime])
  )
  expect(shown.map(rows => rows.length)).toEqual([258, 258, 0, 2, 2, 0])
  expect(shown.slice(3)).toEqual([
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
