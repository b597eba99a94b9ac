/** `storage$`: the engine's state together with the browser's answers to the page. */

import { firstValueFrom, Subject, take, toArray } from 'rxjs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { StorageState } from '../../src/engine/api.ts'

const indexedDB: StorageState = {
  mode: 'indexedDB',
  error: null,
  loss: null,
  damagedRows: 0,
  evictedGroups: 0
}
const nothing = { persisted: null, usageBytes: null, quotaBytes: null }

let persisted: boolean
let asked: number
const manager = {
  persist: () => {
    asked++
    persisted = true
    return Promise.resolve(true)
  },
  persisted: () => Promise.resolve(persisted),
  estimate: () => Promise.resolve({ usage: 5, quota: 100 })
}
beforeEach(() => {
  persisted = false
  asked = 0
  vi.stubGlobal('navigator', { storage: manager })
})
afterEach(() => vi.unstubAllGlobals())

async function open(isDataLost = false) {
  const state$ = new Subject<StorageState>()
  // A page of its own, which has not asked the browser yet.
  vi.resetModules()
  const { watchStorage, persist } = await import('../../src/client/storage-status.ts')
  return { state$, storage$: watchStorage(state$, () => isDataLost), persist }
}

test('the state appears at once, and the estimate of the browser follows', async () => {
  const { state$, storage$ } = await open()
  const seen = firstValueFrom(storage$.pipe(take(2), toArray()))
  state$.next(indexedDB)
  expect(await seen).toEqual([
    { ...indexedDB, ...nothing },
    { ...indexedDB, persisted: false, usageBytes: 5, quotaBytes: 100 }
  ])
})

test('a store asks for persistent storage once and shows the answer', async () => {
  const { state$, storage$, persist } = await open()
  const seen = firstValueFrom(storage$.pipe(take(3), toArray()))
  state$.next(indexedDB)
  await vi.waitFor(() => expect(asked).toBe(0))
  await new Promise(resolve => setTimeout(resolve))
  persist()
  persist()
  expect(await seen).toMatchObject([{}, { persisted: false }, { persisted: true }])
  expect(asked).toBe(1)
})

test('a page that no longer looks ends the stream of the engine', async () => {
  const { state$, storage$ } = await open()
  const subscription = storage$.subscribe()
  expect(state$.observed).toBe(true)
  subscription.unsubscribe()
  expect(state$.observed).toBe(false)
})

test('a page whose browser has dropped the database reports it as wiped', async () => {
  const { state$, storage$ } = await open(true)
  const seen = firstValueFrom(storage$)
  state$.next(indexedDB)
  expect(await seen).toMatchObject({ loss: { kind: 'wiped', restored: 0 } })
})

test.each([
  ['has no storage manager', {}],
  ['refuses an estimate', { storage: { ...manager, estimate: () => Promise.reject(new Error()) } }],
  [
    'never answers',
    {
      storage: {
        persist: () => new Promise(() => undefined),
        persisted: () => new Promise(() => undefined)
      }
    }
  ]
])('a browser that %s leaves the page without numbers', async (_title, navigator) => {
  vi.stubGlobal('navigator', navigator)
  const { state$, storage$, persist } = await open()
  const seen: unknown[] = []
  storage$.subscribe(status => seen.push(status))
  state$.next(indexedDB)
  persist()
  await new Promise(resolve => setTimeout(resolve))
  expect(seen).toEqual([{ ...indexedDB, ...nothing }])
})
