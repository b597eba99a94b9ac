/** Answers of operations that took effect: they resolve even if the group cannot be read. */

import { beforeEach, expect, test } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import { createApplicationCalls } from '../../src/tim/application-calls.ts'
import { createLive } from '../../src/tim/live.ts'
import { createMemberCalls } from '../../src/tim/member-calls.ts'
import { groupOf, memberOf } from '../../src/tim/perform.ts'
import { createVerdicts } from '../../src/tim/verdicts.ts'
import { createTestClient, createTestServer, type TestServer } from '../harness.ts'

let server: TestServer
beforeEach(async () => {
  server = createTestServer({ appAdmins: ['root'] })
  const joinOption = 'NeedPermission'
  const memberList = [{ userID: 'bob' }]
  const args = { groupID: 'crew', name: 'Crew', type: 'Public', joinOption, memberList } as const
  await createTestClient(server, 'ann').settle('createGroup', args)
})

/** The session of a new device: by default that of an app admin who is not in the group. */
function openSession(userID = 'root') {
  const client = createTestClient(server, userID)
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(Promise.resolve(client.engine), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  const store = createStore(userID, remote, streams)
  const live = createLive(store, userID, () => undefined)
  const events = { room: () => 0, emit: () => undefined }
  const session = { userID, store, live, verdicts: createVerdicts(store, events) }
  const done = { session, groupID: 'crew', result: { userID: 'ann' } } as never
  async function answerOf<T>(call: Promise<T>): Promise<T> {
    let isOver = false
    const over = () => void (isOver = true)
    call.then(over, over)
    await server.clock.until(() => isOver)
    return call
  }
  return { client, store, session, done, answerOf }
}

test('the group of an app admin keeps its profile without a network', async () => {
  const { client, done, answerOf } = openSession()
  await client.caughtUp()
  const group = await answerOf(groupOf(done))
  expect(group.name).toBe('Crew')
  client.network.cut()
  expect(await answerOf(groupOf(done))).toBe(group)
  expect(group.name).toBe('Crew')
})

test('an operation answers with group and member after its store has closed', async () => {
  const { client, store, done, answerOf } = openSession()
  await client.caughtUp()
  await answerOf(store.close())
  expect(await answerOf(groupOf(done))).toMatchObject({ groupID: 'crew', name: '' })
  const member = await answerOf(memberOf(done, 'ann', { nameCard: 'Skipper' }))
  expect(member).toMatchObject({ userID: 'ann', role: '', nameCard: 'Skipper' })
})

test('a mute answers with the muted member after the network is lost', async () => {
  const { client, store, session, answerOf } = openSession()
  await client.caughtUp()
  let isSent = false
  store.outbox$.subscribe(({ length }) => {
    // The verdict has arrived, and the call has not read the member yet.
    if (isSent && length === 0) client.network.cut()
    isSent ||= length > 0
  })
  const calls = createMemberCalls(() => session)
  const muting = { groupID: 'crew', userID: 'bob', muteTime: 600 }
  const { member } = (await answerOf(calls.setGroupMemberMuteTime(muting))).data
  // The TIM API reads the real clock.
  expect(Math.abs(member.muteUntil - Date.now() / 1000 - 600)).toBeLessThan(60)
  expect(member).toMatchObject({ userID: 'bob', role: '' })
})

test('an application is decided offline by a device that holds no members', async () => {
  const dora = createTestClient(server, 'dora')
  await dora.settle('joinGroup', { groupID: 'crew', applyMessage: 'please' })
  const { client, session, answerOf } = openSession('ann')
  await client.caughtUp()
  client.network.cut()
  await server.clock.settle()
  const calls = createApplicationCalls(() => session)
  const [application] = (await answerOf(calls.getGroupApplicationList())).data.applicationList
  const decision = { handleAction: 'Agree', application: application! } as const
  const answer = await answerOf(calls.handleGroupApplication(decision))
  expect(answer).toMatchObject({ data: { group: { groupID: 'crew' } } })
  client.network.restore()
  await server.clock.until(async () => (await dora.groups()).length > 0)
  expect(await dora.groups()).toMatchObject([{ groupID: 'crew' }])
})
