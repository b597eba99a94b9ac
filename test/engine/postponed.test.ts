/** Operations that the server could not judge, and requests again. */

import { expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { createTestClient, createTestServer, crewWithBob } from '../harness.ts'

const rename = (name: string) => ({ groupID: 'crew', name })

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
  const first = await ann.apply('updateGroupProfile', rename('first'))
  await server.clock.until(requested)
  await ann.apply('updateGroupProfile', rename('second'))
  await server.clock.settle()
  expect(sent()).toEqual(['Crew', 'first'])
  isAway = false
  await ann.caughtUp()
  expect(sent()).toEqual(['Crew', 'first', 'first', 'second'])
  expect(await ann.engine.settled(first.opID)).toMatchObject({ verdict: { kind: 'applied' } })
})

test('a repeated operation holds back its lane until its verdict', async () => {
  const database = createMemoryDatabase('epoch')
  let isHeld = false
  let refuse: (() => void) | undefined
  const server = createTestServer({
    database: {
      ...database,
      transaction: work =>
        isHeld
          ? new Promise((_, reject) => (refuse = () => reject(new Error('away'))))
          : database.transaction(work)
    }
  })
  const repeat = { groupID: 'crew', introduction: 'repeated' }
  const opID = 'an-ID-of-22-characters'
  const earlier = createTestClient(server, 'ann')
  await earlier.settle('createGroup', crewWithBob)
  await earlier.engine.apply('updateGroupProfile', repeat, { opID })
  await earlier.caughtUp()
  const ann = createTestClient(server, 'ann')
  await ann.caughtUp()
  isHeld = true
  await ann.apply('updateGroupProfile', rename('first'))
  await server.clock.until(() => refuse !== undefined)
  await ann.engine.apply('updateGroupProfile', repeat, { opID })
  await ann.apply('updateGroupProfile', rename('second'))
  await server.clock.settle()
  isHeld = false
  refuse?.()
  await ann.caughtUp()
  expect(await ann.group('crew')).toMatchObject({ name: 'second', introduction: 'repeated' })
})
