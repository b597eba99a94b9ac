/** An effect is shown once: from its prediction, or from the rows of the server. */

import { expect, test } from 'vitest'
import type { Group } from '../../src/engine/api.ts'
import type { EntriesRow } from '../../src/kernel/model.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Link } from '../../src/protocol/port.ts'
import {
  createTestClient,
  createTestServer,
  type TestClient,
  type TestServer,
  type Watched
} from '../harness.ts'

/** A server whose transactions wait while `isHeld`. */
function createHeldServer() {
  const database = createMemoryDatabase('e')
  const held = { isHeld: false, release: () => {} }
  const server = createTestServer({
    database: {
      ...database,
      transaction: async work => {
        if (held.isHeld) await new Promise<void>(resolve => (held.release = resolve))
        return database.transaction(work)
      }
    }
  })
  return { server, held }
}

/**
 * A client whose line drops messages of a type from the client, or all to the client, and brings
 * a frame every `gapMs`.
 */
function onLine(server: TestServer, { gapMs = 0 } = {}) {
  const line = { dropped: '', isDeaf: false }
  let freeAtMs = 0
  const later = (action: () => void) => {
    const nowMs = server.clock.now()
    freeAtMs = Math.max(freeAtMs, nowMs) + gapMs
    server.clock.setTimer(action, freeAtMs - nowMs)
  }
  const network = server.network()
  const connect: typeof network.connect = events => {
    const link: Link = network.connect({
      ...events,
      onFrame: frame => line.isDeaf || later(() => events.onFrame(frame))
    })
    const isDropped = (frame: string) =>
      line.dropped !== '' && frame.startsWith(`{"type":"${line.dropped}"`)
    return { ...link, send: frame => isDropped(frame) || link.send(frame) }
  }
  const ann = createTestClient({ ...server, network: () => ({ ...network, connect }) }, 'ann')
  return { ann, line }
}

async function createGroups(client: TestClient, count: number): Promise<string[]> {
  const groupIDs = Array.from({ length: count }, (_, index) => `crew${index}`)
  for (const groupID of groupIDs)
    await client.apply('createGroup', { groupID, name: 'Crew', type: 'Public' })
  await client.caughtUp()
  return groupIDs
}

/** The values that a stream of a list of groups has shown, without repetitions. */
function shown<R extends { readonly groupID: string }>(
  { emissions }: Watched,
  groupID: string,
  value: (row: R) => unknown
): unknown[] {
  const values = emissions.flatMap(rows =>
    (rows as unknown as readonly R[]).filter(row => row.groupID === groupID).map(value)
  )
  return values.filter((each, index) => index === 0 || each !== values[index - 1])
}
const sequence = ({ infoSequence }: Group) => infoSequence
const count = ({ entries }: EntriesRow) => entries.find(({ key }) => key === 'likes')?.value ?? 0

const like = (client: TestClient, groupID: string) =>
  client.apply('increaseGroupCounter', { groupID, key: 'likes', value: 1 })

test('an increment that was sent before a reconnect is shown once', async () => {
  const server = createTestServer()
  const { ann, line } = onLine(server)
  await createGroups(ann, 1)
  const counters = ann.watch({ kind: 'counters' })
  line.isDeaf = true
  await like(ann, 'crew0')
  for (const name of ['Boat', 'Ship'])
    await ann.apply('updateGroupProfile', { groupID: 'crew0', name })
  await server.clock.advance(100)
  const groups = ann.watch({ kind: 'groups' })
  ann.network.cut()
  line.isDeaf = false
  ann.network.restore()
  await ann.caughtUp()
  expect(shown(counters, 'crew0', count)).toEqual([1])
  expect(shown(groups, 'crew0', sequence)).toEqual([3])
})

test('effects in a catch-up of several frames are shown once', async () => {
  const server = createTestServer()
  const { ann, line } = onLine(server, { gapMs: 20 })
  const groupIDs = await createGroups(ann, 30)
  const groupCustomField = Array.from({ length: 20 }, (_, key) => ({
    key: `key${key}`,
    value: 'x'.repeat(500)
  }))
  line.isDeaf = true
  for (const groupID of groupIDs)
    for (const name of ['Boat', 'Ship'])
      await ann.apply('updateGroupProfile', { groupID, name, groupCustomField })
  await server.clock.advance(1000)
  const groups = ann.watch({ kind: 'groups' })
  ann.network.cut()
  line.isDeaf = false
  ann.network.restore()
  await ann.caughtUp()
  const sequences = groupIDs.map(groupID => shown(groups, groupID, sequence))
  expect(sequences).toEqual(groupIDs.map(() => [3]))
})

test('an effect that an earlier connection causes late is shown once', async () => {
  const { server, held } = createHeldServer()
  const { ann, line } = onLine(server)
  await createGroups(ann, 1)
  held.isHeld = true
  await like(ann, 'crew0')
  await server.clock.advance(100)
  const counters = ann.watch({ kind: 'counters' })
  line.dropped = 'push'
  ann.network.cut()
  ann.network.restore()
  await server.clock.until(async () => (await ann.status())?.caughtUp === true)
  held.isHeld = false
  held.release()
  await ann.caughtUp()
  expect(shown(counters, 'crew0', count)).toEqual([1])
})

test('an effect that a read finds before its verdict is shown once', async () => {
  const database = createMemoryDatabase('e')
  let isSlow = false
  const server = createTestServer({
    database: {
      ...database,
      transaction: async work => {
        const result = await database.transaction(work)
        // The commit is visible before its transaction returns.
        if (isSlow) await new Promise<void>(resolve => server.clock.setTimer(resolve, 500))
        return result
      }
    }
  })
  const ann = createTestClient(server, 'ann')
  await createGroups(ann, 1)
  const counters = ann.watch({ kind: 'counters' })
  isSlow = true
  await like(ann, 'crew0')
  await server.clock.advance(50)
  ann.wake()
  await ann.caughtUp()
  expect(shown(counters, 'crew0', count)).toEqual([1])
})

test('a full snapshot with effects shows them once', async () => {
  const server = createTestServer()
  const { ann, line } = onLine(server)
  await createGroups(ann, 1)
  line.isDeaf = true
  await like(ann, 'crew0')
  await server.clock.advance(100)
  const counters = ann.watch({ kind: 'counters' })
  ann.network.cut()
  await server.database.renewEpoch()
  line.isDeaf = false
  ann.network.restore()
  await ann.caughtUp()
  expect(shown(counters, 'crew0', count)).not.toContain(2)
})

test('a hello names the first 500 operations without a verdict', async () => {
  const server = createTestServer()
  const ann = createTestClient(server, 'ann', { paused: true })
  const operations = []
  for (let index = 0; index < 501; index++)
    operations.push(await ann.apply('createGroup', { groupID: `crew${index}`, name: 'Crew' }))
  await ann.engine.resume()
  await server.clock.until(() => ann.network.transcript.length > 0)
  const [hello] = ann.network.transcript
  expect(hello?.message['pending']).toEqual(operations.slice(0, 500).map(({ opID }) => opID))
})
