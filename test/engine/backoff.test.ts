/** How often a server is asked that lets clients in and then fails. */

import { beforeEach, expect, test } from 'vitest'
import { createTestClient, createTestServer, type TestServer } from '../harness.ts'

let server: TestServer
beforeEach(() => {
  server = createTestServer()
})

/** Counts attempts to connect. `spoil` receives each frame, and may deliver more. */
function counting(spoil: (frame: string, deliver: (frame: string) => void) => void) {
  const network = server.network()
  const attempts: number[] = []
  const ann = createTestClient(
    {
      ...server,
      network: () => ({
        ...network,
        connect: events => {
          attempts.push(server.clock.now())
          return network.connect({
            ...events,
            onFrame(frame) {
              events.onFrame(frame)
              spoil(frame, events.onFrame)
            }
          })
        }
      })
    },
    'ann'
  )
  return { ann, attempts }
}

const afterCaughtUp = (frame: string, deliver: (frame: string) => void) => {
  if (frame.includes('"caughtUp":true')) deliver('not a frame')
}

test('a server whose every session fails is asked at growing distances', async () => {
  const { attempts } = counting(afterCaughtUp)
  await server.clock.advance(3_600_000)
  const distances = attempts.map((at, index) => at - (attempts[index - 1] ?? at))
  expect([attempts.length < 300, Math.round((distances.at(-1) ?? 0) / 1000)]).toEqual([true, 15])
})

test('a bad frame is the last error while the client waits', async () => {
  const { ann } = counting(afterCaughtUp)
  await server.clock.advance(60_000)
  await server.clock.until(async () => (await ann.status())?.connection === 'offline')
  expect((await ann.status())?.lastError).toMatchObject({ code: 4509, message: 'not a frame' })
})

test('a connection that lasted 10 s is retried quickly', async () => {
  let isBad = true
  const { ann, attempts } = counting((frame, deliver) => isBad && afterCaughtUp(frame, deliver))
  await server.clock.advance(120_000)
  isBad = false
  await ann.caughtUp()
  await server.clock.advance(10_001)
  attempts.length = 0
  const cutAt = server.clock.now()
  ann.network.cut()
  ann.network.restore()
  await ann.caughtUp()
  expect((attempts[0] ?? 0) - cutAt).toBe(250)
})

test('operations queued each 100 ms make one attempt in 3 s', async () => {
  const { ann, attempts } = counting((_frame, deliver) => deliver('not a frame'))
  await server.clock.advance(60_000)
  attempts.length = 0
  for (let count = 0; count < 300; count++) {
    void ann.engine.apply('createGroup', { groupID: `crew${count}`, name: 'Crew' })
    await server.clock.advance(100)
  }
  expect(attempts.length).toBeLessThanOrEqual(11)
})

test('an operation queued just after an attempt is sent within 3 s', async () => {
  const { ann } = counting(() => undefined)
  await ann.caughtUp()
  ann.network.cut()
  await server.clock.advance(120_000)
  await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  await server.clock.advance(100)
  ann.network.restore()
  await ann.apply('createGroup', { groupID: 'boat', name: 'Boat' })
  await server.clock.advance(3000)
  expect((await ann.status())?.pending).toBe(0)
})
