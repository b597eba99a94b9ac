/** A restored backup under devices that have seen later data. */

import { expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { createTestClock } from '../../src/testing/clock.ts'
import { createTestClient, createTestServer, crewWithBob } from '../harness.ts'
import { hello, openLink } from './raw-client.ts'

const lossWords = 'the database is older than what clients have seen'

/** A group that was renamed after the backup. Its device is away. */
async function createLoss() {
  const clock = createTestClock()
  const database = createMemoryDatabase('epoch')
  const before = createTestServer({ clock, database })
  const ann = createTestClient(before, 'ann')
  await ann.settle('createGroup', crewWithBob)
  const backup = database.copy('epoch')
  await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Lost' })
  await ann.caughtUp()
  // A ping brings the receipt.
  await clock.advance(31_000)
  await ann.engine.close()
  return { clock, backup, storage: ann.storage }
}

test('a server whose data is behind a receipt renews its epoch once', async () => {
  const { clock, backup, storage } = await createLoss()
  const server = createTestServer({ clock, database: backup })
  // The server has moved past the lost entry, so positions alone do not show the loss.
  const bob = createTestClient(server, 'bob')
  await bob.caughtUp()
  const ann = createTestClient(server, 'ann', { storage })
  await ann.caughtUp()
  expect((await ann.group('crew'))?.name).toBe('Crew')
  expect(server.errors.map(error => String(error).includes(lossWords))).toEqual([true])
  expect((await backup.snapshot(reader => reader.identity())).epoch).not.toBe('epoch')
})

test('open sessions end at their next ping after a renewal', async () => {
  const { clock, backup, storage } = await createLoss()
  const server = createTestServer({ clock, database: backup })
  const bob = createTestClient(server, 'bob')
  await bob.caughtUp()
  await createTestClient(server, 'ann', { storage }).caughtUp()
  await clock.advance(65_000)
  const welcomes = bob.network.transcript.filter(({ message }) => message['type'] === 'welcome')
  expect(welcomes.map(({ message }) => message['known'])).toEqual([false, false])
})

test.each(['99.1.forged', '99.99', '', 'x.y.z', '99.99.', 'NaN.NaN.x'])(
  'the receipt %j changes nothing',
  async receipt => {
    const { clock, backup } = await createLoss()
    const server = createTestServer({ clock, database: backup })
    const { send } = await openLink(server)
    await send(hello('ann', { epoch: 'epoch', receipt }))
    await clock.advance(100)
    expect((await backup.snapshot(reader => reader.identity())).epoch).toBe('epoch')
  }
)

test('an outbox is kept and sent after a renewal by command', async () => {
  const { clock, backup, storage } = await createLoss()
  await backup.renewEpoch()
  const server = createTestServer({ clock, database: backup })
  const ann = createTestClient(server, 'ann', { storage, paused: true })
  await ann.apply('updateGroupProfile', { groupID: 'crew', introduction: 'kept' })
  await ann.engine.close()
  const next = createTestClient(server, 'ann', { storage })
  await next.caughtUp()
  expect(await next.group('crew')).toMatchObject({ name: 'Crew', introduction: 'kept' })
})
