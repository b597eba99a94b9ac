/** Clocks that are wrong, and are set while operations wait. */

import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/port.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

let server: TestServer
let storage: Storage
/** How wrong the clock of the device is. */
let wrongMs = 0
beforeEach(() => {
  server = createTestServer()
  storage = createMemoryStorage()
  wrongMs = 0
})

const day = 86_400_000

function openDevice({ isOffline = false } = {}): TestClient {
  const ann = createTestClient(server, 'ann', {
    storage,
    clock: { now: () => server.clock.now() + wrongMs }
  })
  if (isOffline) ann.network.cut()
  return ann
}

/** A device that has been online, and ends. Its clock is right. */
async function usedBefore(): Promise<void> {
  const ann = openDevice()
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew' })
  await ann.engine.close()
}

async function verdictOf(ann: TestClient, opID: string): Promise<unknown> {
  ann.network.restore()
  await ann.caughtUp()
  const answer = await ann.engine.settled(opID)
  if (!('verdict' in answer)) return answer
  const { verdict } = answer
  return verdict.kind === 'rejected' ? verdict.error.code : verdict.kind
}

const ask = (ann: TestClient) => ann.apply('createGroup', { groupID: 'boat', name: 'Boat' })

// Before the operation, and once it is queued.
const clocks: [title: string, thenMs: number, laterMs: number][] = [
  ['40 days slow', -40 * day, 0],
  ['40 days fast', 40 * day, 0],
  ['50 years slow', -50 * 365 * day, 0],
  ['right, and 40 days fast later', 0, 40 * day],
  ['right, and 40 days slow later', 0, -40 * day]
]

describe.each(clocks)(
  'an operation queued for an hour with a clock %s',
  (_title, thenMs, laterMs) => {
    test('is done when the clock was set after the last contact', async () => {
      const ann = openDevice()
      await ann.caughtUp()
      ann.network.cut()
      wrongMs = thenMs
      const { opID } = await ask(ann)
      await server.clock.advance(3_600_000)
      wrongMs = laterMs
      expect(await verdictOf(ann, opID)).toBe('applied')
    })

    test('is done when the device was never online before', async () => {
      wrongMs = thenMs
      const ann = openDevice({ isOffline: true })
      const { opID } = await ask(ann)
      await server.clock.advance(3_600_000)
      wrongMs = laterMs
      expect(await verdictOf(ann, opID)).toBe('applied')
    })

    test('is done when the device starts again in between', async () => {
      await usedBefore()
      wrongMs = thenMs
      const before = openDevice({ isOffline: true })
      const { opID } = await ask(before)
      await server.clock.advance(3_600_000)
      await before.engine.close()
      wrongMs = laterMs
      expect(await verdictOf(openDevice(), opID)).toBe('applied')
    })

    test('is done when the device starts again before its first contact', async () => {
      wrongMs = thenMs
      const before = openDevice({ isOffline: true })
      const { opID } = await ask(before)
      await server.clock.advance(3_600_000)
      await before.engine.close()
      wrongMs = laterMs
      expect(await verdictOf(openDevice(), opID)).toBe('applied')
    })
  }
)

test('an operation survives 40 days off and a slow clock', async () => {
  await usedBefore()
  await server.clock.advance(40 * day)
  wrongMs = -50 * day
  const before = openDevice({ isOffline: true })
  const { opID } = await ask(before)
  await before.engine.close()
  wrongMs = 0
  expect(await verdictOf(openDevice(), opID)).toBe('applied')
})

describe('an operation that has really waited for 31 days', () => {
  test('is refused after a run that lasted as long', async () => {
    const ann = openDevice({ isOffline: true })
    const { opID } = await ask(ann)
    await ann.engine.pause()
    await server.clock.advance(31 * day)
    await ann.engine.resume()
    expect(await verdictOf(ann, opID)).toBe(4511)
  })

  test('is refused when the device was closed in between', async () => {
    await usedBefore()
    const before = openDevice({ isOffline: true })
    const { opID } = await ask(before)
    await before.engine.close()
    await server.clock.advance(31 * day)
    expect(await verdictOf(openDevice(), opID)).toBe(4511)
  })

  test("is refused if the server's time was known", async () => {
    wrongMs = -40 * day
    const ann = openDevice()
    await ann.caughtUp()
    ann.network.cut()
    const { opID } = await ask(ann)
    await ann.engine.pause()
    await server.clock.advance(31 * day)
    await ann.engine.resume()
    expect(await verdictOf(ann, opID)).toBe(4511)
  })
})

test('an operation sent again over one connection survives a clock jump', async () => {
  const database = createMemoryDatabase('epoch-1')
  let failures = 0
  server = createTestServer({
    database: {
      ...database,
      transaction: work =>
        failures-- > 0 ? Promise.reject(new Error('away')) : database.transaction(work)
    }
  })
  const ann = openDevice()
  await ann.caughtUp()
  failures = 1
  const { opID } = await ask(ann)
  wrongMs = 40 * day
  expect(await verdictOf(ann, opID)).toBe('applied')
})

test('the oldest operation keeps its age after the clock was set', async () => {
  const ann = openDevice()
  await ann.caughtUp()
  ann.network.cut()
  wrongMs = -40 * day
  await ask(ann)
  await server.clock.advance(3_600_000)
  wrongMs = 0
  await ann.engine.pause()
  await ann.engine.resume()
  const { oldestPendingAtMs = 0 } = (await ann.status()) ?? {}
  expect(Math.round((server.clock.now() - oldestPendingAtMs) / 60_000)).toBe(60)
})

test('a mute ends in time after the clock was set back', async () => {
  await server.judge('bob', {
    name: 'createGroup',
    groupID: 'crew',
    args: { groupID: 'crew', name: 'Crew', type: 'Public', memberList: [{ userID: 'ann' }] }
  })
  const args = { groupID: 'crew', userID: 'ann', muteTime: 600 }
  await server.judge('bob', { name: 'setGroupMemberMuteTime', groupID: 'crew', args })
  const ann = openDevice()
  await ann.caughtUp()
  expect((await ann.group('crew'))?.selfInfo?.muteUntil).toBeGreaterThan(0)
  ann.network.cut()
  wrongMs = -40 * day
  await server.clock.advance(700_000)
  expect((await ann.group('crew'))?.selfInfo?.muteUntil).toBe(0)
})
