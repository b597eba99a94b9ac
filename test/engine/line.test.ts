/** Lines that are dead, are cut when idle, or are slow. */

import { beforeEach, describe, expect, test } from 'vitest'
import {
  firstRate,
  pingMsAfterCut,
  rateAfter,
  rowsUnderWay
} from '../../src/engine/sync/schedule.ts'
import type { Link, LinkEvents } from '../../src/protocol/port.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

let server: TestServer
beforeEach(() => (server = createTestServer()))

type Connect = (events: LinkEvents) => Link

/** A client with the line that `around` makes of a good one. */
function onLine(around: (connect: Connect) => Connect): TestClient {
  const network = server.network()
  return createTestClient(
    { ...server, network: () => ({ ...network, connect: around(network.connect) }) },
    'ann'
  )
}

/** A line that can die without a word, in both directions. */
function mortalLine() {
  const line = { isDead: false }
  const ann = onLine(connect => events => {
    const link = connect({ ...events, onFrame: frame => line.isDead || events.onFrame(frame) })
    return { ...link, send: frame => line.isDead || link.send(frame) }
  })
  return { ann, line }
}

/** How long it takes until the status is offline. */
async function msUntilOffline(ann: TestClient): Promise<number> {
  const startMs = server.clock.now()
  await server.clock.until(async () => (await ann.status())?.connection === 'offline')
  return server.clock.now() - startMs
}

describe('a dead line', () => {
  test('is noticed within 3 s of waking', async () => {
    const { ann, line } = mortalLine()
    await ann.caughtUp()
    line.isDead = true
    ann.wake()
    expect(await msUntilOffline(ann)).toBeLessThanOrEqual(3000)
  })

  test('is noticed within 3 s, however often the device wakes', async () => {
    const { ann, line } = mortalLine()
    await ann.caughtUp()
    line.isDead = true
    const wakeAgain = () => {
      ann.wake()
      server.clock.setTimer(wakeAgain, 1000)
    }
    wakeAgain()
    expect(await msUntilOffline(ann)).toBeLessThanOrEqual(3000)
  })

  test('is noticed within 15 s of an operation', async () => {
    const { ann, line } = mortalLine()
    await ann.caughtUp()
    line.isDead = true
    await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
    expect(await msUntilOffline(ann)).toBeLessThanOrEqual(15_000)
  })

  test('is noticed within 15 s of the first of many operations', async () => {
    const { ann, line } = mortalLine()
    await ann.settle('createGroup', { groupID: 'crew', name: 'Crew' })
    line.isDead = true
    const rename = () => {
      void ann.apply('updateGroupProfile', {
        groupID: 'crew',
        name: `Crew at ${server.clock.now()}`
      })
      server.clock.setTimer(rename, 3000)
    }
    rename()
    expect(await msUntilOffline(ann)).toBeLessThanOrEqual(15_000)
  })

  test('is noticed within 15 s of a welcome', async () => {
    const { ann, line } = mortalLine()
    await server.clock.until(async () => (await ann.status())?.connection === 'online')
    line.isDead = true
    expect(await msUntilOffline(ann)).toBeLessThanOrEqual(15_000)
  })

  test('is noticed within 3 s of a late ping after sleep', async () => {
    let sleptMs = 0
    const line = { isDead: false }
    const network = server.network()
    const connect: Connect = events => {
      const link = network.connect({
        ...events,
        onFrame: frame => line.isDead || events.onFrame(frame)
      })
      return { ...link, send: frame => line.isDead || link.send(frame) }
    }
    const clock = { now: () => server.clock.now() + sleptMs }
    const ann = createTestClient({ ...server, network: () => ({ ...network, connect }) }, 'ann', {
      clock
    })
    await ann.caughtUp()
    line.isDead = true
    sleptMs = 3_600_000
    expect(await msUntilOffline(ann)).toBeLessThanOrEqual(33_000)
  })
})

test('a good line stays online after waking', async () => {
  const { ann } = mortalLine()
  await ann.caughtUp()
  ann.wake()
  await server.clock.advance(20_000)
  expect(await ann.status()).toMatchObject({ connection: 'online', caughtUp: true })
})

/** A proxy that cuts a line which has carried nothing for so long. */
const cutsIdle =
  (idleMs: number) =>
  (connect: Connect): Connect =>
  events => {
    let stopTimer = () => {}
    const used = () => {
      stopTimer()
      stopTimer = server.clock.setTimer(() => {
        link.close()
        events.onClose()
      }, idleMs)
    }
    const link = connect({
      ...events,
      onFrame(frame) {
        used()
        events.onFrame(frame)
      },
      onClose() {
        stopTimer()
        events.onClose()
      }
    })
    return {
      send(frame) {
        used()
        link.send(frame)
      },
      close() {
        stopTimer()
        link.close()
      }
    }
  }

test.each([6000, 10_000, 15_000, 25_000])(
  'a proxy that cuts at %i ms does so twice at most',
  async idleMs => {
    const ann = onLine(cutsIdle(idleMs))
    const status = ann.watch({ kind: 'status' })
    await ann.caughtUp()
    await server.clock.advance(600_000)
    const shown = status.emissions.map(([value]) => (value as { connection: string }).connection)
    const cuts = shown.filter(
      (connection, index) => connection === 'offline' && shown[index - 1] === 'online'
    )
    expect(cuts.length).toBeLessThanOrEqual(2)
  }
)

test('the learned ping interval is forgotten when the network comes back', async () => {
  let idleMs = 15_000
  const ann = onLine(connect => events => cutsIdle(idleMs)(connect)(events))
  await ann.caughtUp()
  await server.clock.advance(120_000)
  idleMs = Infinity
  ann.network.cut()
  await server.clock.advance(1000)
  ann.network.restore()
  ann.wake()
  await ann.caughtUp()
  ann.network.transcript.length = 0
  await server.clock.advance(95_000)
  expect(ann.network.transcript.filter(({ message }) => message['type'] === 'ping')).toHaveLength(3)
})

test.each([
  ['after the first cut', 15_000, 0, 30_000],
  ['after a second cut of a line as long idle', 15_000, 15_200, 10_000],
  ['after cuts at different idle times', 15_000, 22_000, 30_000],
  ['after cuts of busy lines', 100, 100, 30_000],
  ['after cuts at 5 s, with a floor of 4 s,', 5000, 5000, 4000]
])('%s: idle for %i and %i ms pings every %i ms', (_title, idleMs, idleBeforeMs, expected) => {
  expect(pingMsAfterCut(30_000, idleMs, idleBeforeMs)).toBe(expected)
})

// ── slow links ──────────────────────────────────────────────────────────────

/** Carries so many bytes per second to the client. */
const throttled =
  (bytesPerSecond: number) =>
  (connect: Connect): Connect =>
  events => {
    let freeAtMs = 0
    return connect({
      ...events,
      onFrame(frame) {
        const nowMs = server.clock.now()
        freeAtMs = Math.max(freeAtMs, nowMs) + (frame.length / bytesPerSecond) * 1000
        server.clock.setTimer(() => events.onFrame(frame), freeAtMs - nowMs)
      }
    })
  }

/**
 * As over HTTP: all that has come while an answer was under way comes together with the next one.
 */
const throttledInAnswers =
  (bytesPerSecond: number) =>
  (connect: Connect): Connect =>
  events => {
    let waiting: string[] = []
    let isBusy = false
    const answer = () => {
      const frames = waiting
      waiting = []
      isBusy = frames.length > 0
      const ms = (frames.join('').length / bytesPerSecond) * 1000
      const deliver = () => {
        for (const frame of frames) events.onFrame(frame)
        answer()
      }
      if (isBusy) server.clock.setTimer(deliver, ms)
    }
    return connect({
      ...events,
      onFrame(frame) {
        waiting.push(frame)
        if (!isBusy) server.clock.setTimer(answer, 20)
        isBusy = true
      }
    })
  }

/**
 * Groups of 500 members each, in all of which Ann is. A page of 500 rows has about 70,000 bytes.
 */
async function manyGroups(count: number): Promise<void> {
  const users = ['ann', ...Array.from({ length: 498 }, (_, index) => `user${index}`)]
  const memberList = users.map(userID => ({
    userID,
    memberCustomField: [{ key: 'note', value: userID.padEnd(60, 'x') }]
  }))
  for (let index = 0; index < count; index++) {
    const groupID = `crew${String(index).padStart(2, '0')}`
    const args = { groupID, name: 'Crew', type: 'Public', memberList }
    expect(await server.judge('bob', { name: 'createGroup', groupID, args })).toMatchObject({
      kind: 'applied'
    })
  }
}

/** Notes how many rows were asked for at most and had not come. */
const counted =
  (counter: { now: number; max: number }) =>
  (connect: Connect): Connect =>
  events => {
    const rowsOf = (frame: string) =>
      Number(/"type":"members".*"limit":(\d+)/.exec(frame)?.[1] ?? 0)
    const asked: number[] = []
    const link = connect({
      ...events,
      onFrame(frame) {
        if (frame.startsWith('{"type":"members"')) counter.now -= asked.shift() ?? 0
        events.onFrame(frame)
      }
    })
    return {
      ...link,
      send(frame) {
        if (rowsOf(frame) > 0) asked.push(rowsOf(frame))
        counter.now += rowsOf(frame)
        counter.max = Math.max(counter.max, counter.now)
        link.send(frame)
      }
    }
  }

const hasAll = (ann: TestClient) => async () => {
  const groups = (await ann.storage.read([{ table: 'groups', scope: '' }])).answers[0]
  return groups.length > 0 && groups.every(({ membersUpTo }) => membersUpTo === null)
}

test.each([250_000, 60_000])(
  'at %i bytes/s a first sync takes one connection',
  async bytesPerSecond => {
    await manyGroups(32)
    const ann = onLine(throttled(bytesPerSecond))
    await server.clock.until(hasAll(ann), 300_000)
    expect(
      ann.network.transcript.filter(({ message }) => message['type'] === 'hello')
    ).toHaveLength(1)
  }
)

test.each([
  ['frame by frame', throttled],
  ['in answers of many frames', throttledInAnswers]
])('at 60,000 bytes/s %s no more than 2,000 rows are under way', async (_title, slow) => {
  await manyGroups(32)
  const counter = { now: 0, max: 0 }
  const ann = onLine(connect => counted(counter)(slow(60_000)(connect)))
  await server.clock.until(hasAll(ann), 300_000)
  expect(counter.max).toBeLessThanOrEqual(2000)
})

test('a fast link has more than 8,000 rows under way', async () => {
  await manyGroups(32)
  const counter = { now: 0, max: 0 }
  const ann = onLine(counted(counter))
  await server.clock.until(hasAll(ann), 300_000)
  expect(counter.max).toBeGreaterThan(8000)
})

test.each([
  [500, 10, 1614],
  [500, 900, 1040],
  [500, 20_000, 120],
  [0, 1_000_000, 50],
  [1_000_000, 0, 32_000],
  [500, -5000, 1625]
])('from 1,000 rows under way, %i that take %i ms make %i', (rows, tookMs, expected) => {
  expect(rowsUnderWay(rateAfter(firstRate, rows, tookMs))).toBe(expected)
})
