/** The frames of a returning client are short enough for a slow link. */

import { expect, test } from 'vitest'
import { createTestServer, type TestServer } from '../harness.ts'
import { hello } from './raw-client.ts'
import type { FeedDelta, GroupDelta, ServerMessage } from '../../src/protocol/server-messages.ts'

/** A client waits for 10 s, and a slow link carries 10 KB/s. */
const frameBytesMax = 70_000

type Position = [groupID: string, membershipEpoch: number, seq: number]

/** Logs `ann` in at this position. Collects all frames, also those that `then` causes. */
async function login(
  server: TestServer,
  { feed, groups = [] }: { feed: number; groups?: Position[] },
  then: () => Promise<unknown> = async () => undefined
) {
  const frames: string[] = []
  const { epoch } = server.database
  const link = server.network().connect({
    onOpen: () => link.send(JSON.stringify(hello('ann', { epoch, feed, groups }))),
    onFrame: frame => void frames.push(frame),
    onClose: error => expect.fail(JSON.stringify(error))
  })
  await server.clock.advance(1000)
  expect(frames.join()).toContain('"caughtUp":true')
  await then()
  await server.clock.advance(1000)
  const deltas = frames
    .map(frame => JSON.parse(frame) as ServerMessage)
    .flatMap(each => (each.type === 'delta' ? each : []))
  link.close()
  return {
    longest: Math.max(...frames.map(frame => Buffer.byteLength(frame))),
    feeds: deltas.flatMap(({ feed }): FeedDelta[] => (feed ? [feed] : [])),
    groups: deltas.flatMap((delta): GroupDelta[] => [...delta.groups])
  }
}

const reason = 'x'.repeat(300)

/** A stranger adds `ann` to a group and removes her, many times. */
async function addAndRemove(server: TestServer, times: number): Promise<void> {
  const crew = { groupID: 'crew', userIDList: ['ann'] }
  const create = { groupID: 'crew', name: 'Crew' }
  await server.judge('stranger', { name: 'createGroup', args: create, groupID: 'crew' })
  for (let round = 0; round < times; round++) {
    await server.judge('stranger', { name: 'addGroupMember', args: crew, groupID: 'crew' })
    await server.judge('stranger', {
      name: 'deleteGroupMember',
      args: { ...crew, reason },
      groupID: 'crew'
    })
  }
}

test('a feed that a stranger has filled is sent as a summary', async () => {
  const server = createTestServer()
  await server.judge('ann', {
    name: 'createGroup',
    args: { groupID: 'den', name: 'Den' },
    groupID: 'den'
  })
  await addAndRemove(server, 100)
  const { longest, feeds, groups } = await login(server, { feed: 2, groups: [['den', 1, 1]] })
  expect(longest).toBeLessThan(frameBytesMax)
  expect(feeds[0]?.from).toBe(0)
  expect(feeds[0]?.events.filter(({ kind }) => kind === 'joined')).toMatchObject([
    { groupID: 'den' }
  ])
  expect(groups).toEqual([])
})

const memberCustomField = Array.from({ length: 5 }, (_, key) => ({
  key: `key${key}`,
  value: '감'.repeat(20)
}))
const members = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ userID: `user-${String(n).padStart(4, '0')}` }))

async function createCrew(server: TestServer, memberList: readonly object[]): Promise<void> {
  const args = { groupID: 'crew', name: 'Crew', type: 'ChatRoom', memberList }
  await server.judge('ann', { name: 'createGroup', args, groupID: 'crew' })
}

test('many changed members are sent in pages', async () => {
  const server = createTestServer()
  await createCrew(server, members(400))
  for (const { userID } of members(400)) {
    const args = { groupID: 'crew', userID, memberCustomField }
    await server.judge(userID, { name: 'setGroupMemberCustomField', args, groupID: 'crew' })
  }
  const { longest, groups } = await login(server, { feed: 2, groups: [['crew', 1, 1]] })
  expect(longest).toBeLessThan(frameBytesMax)
  expect(groups).toMatchObject([
    { groupID: 'crew', from: 0, complete: false, members: [{ userID: 'ann' }] }
  ])
})

test('long members of a new group are sent in pages', async () => {
  const server = createTestServer()
  const create = () =>
    createCrew(
      server,
      members(400).map(member => ({ ...member, memberCustomField }))
    )
  const { longest, groups } = await login(server, { feed: 0 }, create)
  expect(longest).toBeLessThan(frameBytesMax)
  expect(groups).toMatchObject([
    { groupID: 'crew', from: 0, complete: false, members: [{ userID: 'ann' }] }
  ])
})

test('a catch-up with long tips has only the last ones', async () => {
  const server = createTestServer()
  await createCrew(server, [])
  const groupCustomField = Array.from({ length: 20 }, (_, key) => ({
    key: `key${key}`,
    value: 'x'.repeat(500)
  }))
  for (let count = 0; count < 100; count++) {
    const args = { groupID: 'crew', name: `Crew ${count}`, groupCustomField }
    await server.judge('ann', { name: 'updateGroupProfile', args, groupID: 'crew' })
  }
  const back = await login(server, { feed: 2, groups: [['crew', 1, 1]] })
  expect(back.longest).toBeLessThan(frameBytesMax)
  expect(back.groups.flatMap(({ tips }) => tips).at(-1)).toMatchObject({ seq: 101 })
  const fresh = await login(server, { feed: 0 })
  expect(fresh.longest).toBeLessThan(frameBytesMax)
})

test('unchanged attributes leave their room to the tips of a catch-up', async () => {
  const server = createTestServer()
  await createCrew(server, [])
  const groupAttributes = Array.from({ length: 16 }, (_, key) => ({
    key: `key${key}`,
    value: 'x'.repeat(900)
  }))
  const judge = (name: string, args: object) =>
    server.judge('ann', { name, args: { groupID: 'crew', ...args }, groupID: 'crew' })
  expect(await judge('setGroupAttributes', { groupAttributes })).toMatchObject({ seq: 2 })
  for (let count = 0; count < 100; count++)
    await judge('updateGroupProfile', { introduction: `${count}`.padEnd(240, 'x') })
  const { groups, longest } = await login(server, { feed: 2, groups: [['crew', 1, 2]] })
  expect(longest).toBeLessThan(frameBytesMax)
  expect(groups.flatMap(({ tips }) => tips)).toHaveLength(100)
})

test('an announcement with long tips has only the last ones', async () => {
  const server = createTestServer()
  await createCrew(server, [])
  const groupCustomField = Array.from({ length: 20 }, (_, key) => ({
    key: `key${key}`,
    value: 'x'.repeat(500)
  }))
  const update = (count: number) => {
    const args = { groupID: 'crew', name: `Crew ${count}`, groupCustomField }
    return server.judge('ann', { name: 'updateGroupProfile', args, groupID: 'crew' })
  }
  const updateAll = () => Promise.all(Array.from({ length: 100 }, (_, count) => update(count)))
  const { longest, groups } = await login(server, { feed: 1, groups: [['crew', 1, 1]] }, updateAll)
  expect(longest).toBeLessThan(frameBytesMax)
  expect(groups.flatMap(({ tips }) => tips).at(-1)).toMatchObject({ seq: 101 })
})
