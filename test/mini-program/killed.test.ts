/** A mini-program that is ended without notice, at any mutation of its storage. */

import { firstValueFrom, map } from 'rxjs'
import { expect, test } from 'vitest'
import { createGroupStore, type GroupStore, type Platform } from '../../src/mini-program.ts'
import { createRandom } from '../simulation/random.ts'
import { crashOutcomes } from '../storage/key-value/crash.ts'
import { apply, createRecordingHost, type Values } from '../storage/key-value/recording-host.ts'

const operations = 8

function openStore(values: Values, acknowledged = () => 0) {
  const { host, batches } = createRecordingHost(values, { bytesPerValue: 1_048_576, acknowledged })
  let hide = (): void => undefined
  const platform: Platform = {
    storage: host,
    connectTo: () => () => ({ send: () => undefined, close: () => undefined }),
    onHide(callback) {
      hide = callback
      return () => undefined
    }
  }
  const options = { url: 'wss://example.org/sync', userID: 'ann', token: 'any' }
  const store = createGroupStore({ ...options, platform, paused: true })
  return { store, batches, hide: () => hide() }
}

const pendingOf = (store: GroupStore): Promise<string[]> =>
  firstValueFrom(store.outbox$.pipe(map(rows => rows.map(({ opID }) => opID))))

test('a killed program keeps every operation that it has accepted', async () => {
  const accepted: string[] = []
  const { store, batches, hide } = openStore(new Map(), () => accepted.length)
  for (let number = 0; number < operations; number++) {
    const answer = await store.apply('createGroup', { type: 'Public', name: `Crew ${number}` })
    accepted.push('opID' in answer ? answer.opID : '')
    // The checkpoint runs between the operations.
    if (number % 5 === 3) hide()
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await store.close()

  const random = createRandom('killed')
  const before: Values = new Map()
  const lost: string[] = []
  let kills = 0
  for (const batch of batches) {
    for (const [outcome, values] of crashOutcomes(before, batch, random)) {
      const next = openStore(new Map(values))
      const pending = await pendingOf(next.store)
      await next.store.close()
      kills++
      const { acknowledged } = batch
      const expected = [acknowledged, acknowledged + 1].map(end => accepted.slice(0, end).join())
      if (!expected.includes(pending.join()))
        lost.push(`${acknowledged} ${outcome}: ${pending.join()}`)
    }
    for (const mutation of batch.mutations) apply(before, mutation)
  }
  expect(lost).toEqual([])
  expect(kills).toBeGreaterThan(3 * operations)
})
