/** Operations that the server could not judge, and requests again. */

import { expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { createTestClient, createTestServer, crewWithBob } from '../harness.ts'

test('an operation waits for an earlier one that the server requests again', async () => {
  const database = createMemoryDatabase('epoch')
  let isAway = false
  const server = createTestServer({
    database: {
      ...database,
      transaction: work => (isAway ? Promise.reject(new Error('away')) : database.transaction(work))
    }
  })
  const ann = createTestClient(server, 'ann')
  await ann.settle('createGroup', crewWithBob)
  const sent = () =>
    ann.network.transcript.flatMap(({ message }) =>
      message['type'] === 'push'
        ? (message['operations'] as { args: { name?: string } }[]).map(({ args }) => args.name)
        : []
    )
  const requested = () =>
    ann.network.transcript.some(
      ({ message }) => ((message['retry'] as string[] | undefined)?.length ?? 0) > 0
    )
  isAway = true
  const first = await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'first' })
  await server.clock.until(requested)
  await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'second' })
  await server.clock.settle()
  expect(sent()).toEqual(['Crew', 'first'])
  isAway = false
  await ann.caughtUp()
  expect(sent()).toEqual(['Crew', 'first', 'first', 'second'])
  expect(await ann.engine.settled(first.opID)).toMatchObject({ verdict: { kind: 'applied' } })
})
