/** Live members of the TIM face: each is up to date for as long as the app holds it. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import { createLive } from '../../src/tim/live.ts'
import { createTestClient, createTestServer } from '../harness.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const pageLength = 100
const memberList = Array.from({ length: 400 }, (_, index) => ({ userID: `user-${index}` }))

async function openLive() {
  const server = createTestServer()
  const client = createTestClient(server, 'ann')
  const args = { groupID: 'crew', name: 'Crew', type: 'Public', memberList } as const
  await client.settle('createGroup', args)
  await client.caughtUp()
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(Promise.resolve(client.engine), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  const live = createLive(createStore('ann', remote, streams), 'ann', () => undefined)
  /** The streams of single members that are open. */
  const openMembers = () =>
    [...streams.shown()].filter(({ query }) => query.kind === 'member').length
  /** Runs timers of the engine until the call settles. */
  const answerOf = async <T>(call: Promise<T>): Promise<T> => {
    let isOver = false
    void call.finally(() => (isOver = true))
    await server.clock.until(() => isOver)
    return call
  }
  return { client, live, openMembers, answerOf, clock: server.clock }
}

test('paging through a member list leaves no stream open', async () => {
  const { live, openMembers, answerOf } = await openLive()
  for (let offset = 0; offset < memberList.length; offset += pageLength)
    await answerOf(live.members('crew', { offset, limit: pageLength }))
  await expect.poll(() => (collectGarbage(), openMembers()), { interval: 200 }).toBe(0)
})

test('a member that the app holds stays up to date', async () => {
  const { client, live, openMembers, answerOf, clock } = await openLive()
  const members = await answerOf(live.members('crew', { offset: 0, limit: pageLength }))
  const held = members.splice(5, 1)[0]
  members.length = 0
  await expect.poll(() => (collectGarbage(), openMembers()), { interval: 200 }).toBe(1)
  const { userID = '' } = held ?? {}
  await client.apply('setGroupMemberRole', { groupID: 'crew', userID, role: 'Admin' })
  await clock.settle()
  expect(held?.role).toBe('Admin')
})
