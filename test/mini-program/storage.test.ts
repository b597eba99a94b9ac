/** A mini-program whose storage is emptied, full or damaged while it runs. */

import { filter, firstValueFrom, map } from 'rxjs'
import { expect, test } from 'vitest'
import { createGroupStore, createMemoryHost, type Platform } from '../../src/mini-program.ts'

const wxLimits = { bytesPerValue: 1_048_576, bytesInAll: 10_485_760 }

function openStore(values: Map<string, string>, limits = wxLimits) {
  let show = (): void => undefined
  const platform: Platform = {
    storage: createMemoryHost(limits, values),
    connectTo: () => () => ({ send: () => undefined, close: () => undefined }),
    onWake(callback) {
      show = callback
      return () => undefined
    }
  }
  const options = { url: 'wss://example.org/sync', userID: 'ann', token: 'any' }
  const store = createGroupStore({ ...options, platform, paused: true })
  const pending = () =>
    firstValueFrom(store.outbox$.pipe(map(rows => rows.map(({ opID }) => opID))))
  const apply = () => store.apply('createGroup', { type: 'Public', name: 'Crew' })
  return { store, pending, apply, show: () => show() }
}

const opIDOf = (answer: object): string => ('opID' in answer ? String(answer.opID) : '')

test('operations outlive storage that is emptied while the program is hidden', async () => {
  const values = new Map<string, string>()
  const { store, apply, show } = openStore(values)
  const accepted = [opIDOf(await apply()), opIDOf(await apply())]
  values.clear()
  show()
  const lost = await firstValueFrom(
    store.storage$.pipe(
      map(({ loss }) => loss),
      filter(loss => loss !== null)
    )
  )
  expect(lost).toEqual({ kind: 'wiped', restored: 2 })
  await store.close()

  const next = openStore(values)
  expect(await next.pending()).toEqual(accepted)
  await next.store.close()
})

test('full storage refuses new operations with 4516 and keeps the others', async () => {
  const values = new Map<string, string>()
  const limits = { ...wxLimits, bytesInAll: 40_000 }
  const { store, apply } = openStore(values, limits)
  const accepted: string[] = []
  let answer = await apply()
  for (; opIDOf(answer) !== ''; answer = await apply()) accepted.push(opIDOf(answer))
  expect(answer).toMatchObject({ code: 4516 })
  expect(accepted.length).toBeGreaterThan(20)
  await store.close()

  const next = openStore(values, limits)
  expect(await next.pending()).toEqual(accepted)
  await next.store.close()
})

test('a damaged value of an operation is reported, and the others are kept', async () => {
  const values = new Map<string, string>()
  const { store, apply } = openStore(values)
  const accepted = [opIDOf(await apply()), opIDOf(await apply()), opIDOf(await apply())]
  await store.close()
  const damaged = [...values].find(([, value]) => value.includes(accepted[1]!))
  values.set(damaged![0], 'damaged')

  const next = openStore(values)
  expect(await next.pending()).toEqual([accepted[0], accepted[2]])
  await next.store.close()
})
