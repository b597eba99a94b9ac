/** Commits of several tabs: one that is reported late does not undo newer ones. */

import { beforeEach, expect, test } from 'vitest'
import type { PeerMessage } from '../../src/engine/host.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage, Write } from '../../src/storage/port.ts'
import type { TableName } from '../../src/storage/tables.ts'
import {
  createPeers,
  createTestClient,
  createTestServer,
  crewWithBob,
  fromOtherBuild,
  type TestServer
} from '../harness.ts'

let server: TestServer
let disk: Storage
beforeEach(async () => {
  server = createTestServer()
  disk = createMemoryStorage()
  const ann = createTestClient(server, 'ann', { storage: disk })
  await ann.settle('createGroup', crewWithBob)
  await ann.caughtUp()
  await ann.engine.close()
})

/** A connection to the disk. It answers late after writes to this table. */
function openDoor(slowTable?: TableName) {
  const waiting: (() => void)[] = []
  const storage: Storage = {
    ...disk,
    async transact(queries, body, durability) {
      let written: readonly Write[] = []
      const commitNumber = await disk.transact(
        queries,
        answers => (written = body(answers)),
        durability
      )
      if (written.some(({ table }) => table === slowTable))
        await new Promise<void>(resolve => waiting.push(resolve))
      return commitNumber
    },
    close: () => Promise.resolve()
  }
  return {
    storage,
    isWaited: () => waiting.length > 0,
    async answer(): Promise<void> {
      for (const resume of waiting.splice(0)) resume()
      await server.clock.settle()
    }
  }
}

/**
 * A leader whose commit of a refusal is durable and not answered yet, and a tab that has read it.
 */
async function refused() {
  const [first, { peers }, third] = createPeers()
  let isSilent = false
  let tell: (message: PeerMessage) => void = () => undefined
  const second = createTestClient(server, 'ann', {
    storage: openDoor().storage,
    peers: {
      ...peers,
      post: message => void (isSilent || peers.post(message)),
      listen(onMessage) {
        tell = onMessage
        peers.listen(onMessage)
      }
    }
  })
  // Then it never makes the leader read everything.
  await second.members('crew')
  const door = openDoor('verdicts')
  const leader = createTestClient(server, 'ann', { storage: door.storage, peers: first.peers })
  first.lead()
  await leader.caughtUp()
  await leader.verdicts()
  await leader.engine.pause()
  const { opID } = await leader.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await server.judge('ann', { name: 'dismissGroup', args: { groupID: 'crew' }, groupID: 'crew' })
  await leader.engine.resume()
  await server.clock.until(door.isWaited)
  tell(fromOtherBuild)
  await server.clock.settle()
  return { leader, door, opID, second, others: third.peers, die: () => void (isSilent = true) }
}
async function storedRefusals(): Promise<string[]> {
  const { answers } = await disk.read([{ table: 'verdicts', scope: '' }])
  return answers[0].flatMap(({ verdict }) => (verdict.kind === 'rejected' ? verdict.opID : []))
}

/** A tab whose operation is stored, and judged; it has not heard that it is stored. */
async function judgedEarly({ isTold = true } = {}) {
  const [first, second, third] = createPeers()
  const peers = isTold ? first.peers : { ...first.peers, post: () => undefined }
  const leader = createTestClient(server, 'ann', { storage: openDoor().storage, peers })
  first.lead()
  const door = openDoor('outbox')
  const other = createTestClient(server, 'ann', { storage: door.storage, peers: second.peers })
  await leader.caughtUp()
  await other.outbox()
  const answer = other.engine.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await server.clock.until(door.isWaited)
  // Somebody makes the leader read it.
  third.peers.post({ type: 'unposted' })
  await server.clock.until(
    async () =>
      (await server.database.snapshot(reader => reader.group('crew'))).row?.name === 'Boat'
  )
  await leader.caughtUp()
  return { leader, other, door, answer, others: third.peers }
}

test('a dismissed verdict stays dismissed after a late commit of the leader', async () => {
  const { leader, door, opID, second } = await refused()
  expect(await second.engine.dismissVerdict(opID)).toBeNull()
  await server.clock.settle()
  await door.answer()
  expect([await storedRefusals(), await leader.verdicts(), await leader.outbox()]).toEqual([
    [],
    [],
    []
  ])
  expect(await leader.engine.settled(opID)).toMatchObject({ reason: 'UnknownOperationID' })
})

test('a verdict dismissed by a dead tab stays dismissed after a read', async () => {
  const { leader, door, opID, second, die, others } = await refused()
  die()
  expect(await second.engine.dismissVerdict(opID)).toBeNull()
  others.post({ type: 'unposted' })
  await server.clock.settle()
  await door.answer()
  expect([await storedRefusals(), await leader.verdicts(), await leader.outbox()]).toEqual([
    [],
    [],
    []
  ])
})

test('an operation confirmed after its verdict is not pending again', async () => {
  const { leader, other, door, answer } = await judgedEarly()
  await door.answer()
  await leader.settle('updateGroupProfile', { groupID: 'crew', introduction: 'all' })
  expect(await other.outbox()).toEqual([])
  expect(await other.groups()).toMatchObject([{ name: 'Boat', introduction: 'all' }])
  const { opID } = (await answer) as { opID: string }
  expect(await other.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied' } })
})

test('logout counts operations that a dead tab has stored', async () => {
  const [first, second] = createPeers()
  const tab = createTestClient(server, 'ann', {
    storage: openDoor().storage,
    peers: first.peers,
    paused: true
  })
  const dying = { ...second.peers, post: () => undefined }
  const other = createTestClient(server, 'ann', {
    storage: openDoor().storage,
    peers: dying,
    paused: true
  })
  await tab.outbox()
  const { opID } = await other.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  expect(await tab.engine.logout()).toMatchObject({ reason: 'PendingOperations' })
  expect(await tab.outbox()).toMatchObject([{ opID }])
})

test('a dismissed verdict stays dismissed after hundreds of commits', async () => {
  const { leader, door, opID, second } = await refused()
  expect(await second.engine.dismissVerdict(opID)).toBeNull()
  await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      second.apply('createGroup', { name: `Group ${index}` })
    )
  )
  await server.clock.settle()
  await door.answer()
  expect([await storedRefusals(), await leader.verdicts()]).toEqual([[], []])
})

test('an operation whose verdict was read before its confirmation is settled', async () => {
  const { other, door, answer, others } = await judgedEarly({ isTold: false })
  others.post(fromOtherBuild)
  await server.clock.settle()
  await door.answer()
  expect([await other.outbox(), await other.status()]).toMatchObject([[], { pending: 0 }])
  const { opID } = (await answer) as { opID: string }
  expect(await other.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied' } })
})

test('waiting for a dismissed verdict ends with the next read', async () => {
  const [first, second, third] = createPeers()
  const waiting = createTestClient(server, 'ann', {
    storage: openDoor().storage,
    peers: first.peers
  })
  await waiting.outbox()
  const { opID } = await waiting.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  const settled = waiting.engine.settled(opID)
  await server.judge('ann', { name: 'dismissGroup', args: { groupID: 'crew' }, groupID: 'crew' })
  const leader = createTestClient(server, 'ann', {
    storage: openDoor().storage,
    peers: { ...second.peers, post: () => undefined, listen: () => undefined }
  })
  second.lead()
  await leader.caughtUp()
  expect(await leader.engine.dismissVerdict(opID)).toBeNull()
  third.peers.post(fromOtherBuild)
  await server.clock.settle()
  expect(await settled).toMatchObject({ reason: 'UnknownOperationID' })
})

test('a flushing logout sends operations that a dead tab has stored', async () => {
  const [first, second, third] = createPeers()
  const leader = createTestClient(server, 'ann', {
    storage: openDoor().storage,
    peers: first.peers
  })
  first.lead()
  await leader.caughtUp()
  const asking = createTestClient(server, 'ann', {
    storage: openDoor().storage,
    peers: third.peers
  })
  await asking.outbox()
  const dying = { ...second.peers, post: () => undefined }
  const other = createTestClient(server, 'ann', {
    storage: openDoor().storage,
    peers: dying,
    paused: true
  })
  await other.outbox()
  await other.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  let answer: unknown = 'none'
  void asking.engine.logout('flush').then(each => (answer = each))
  await server.clock.until(() => answer !== 'none')
  expect(answer).toBeNull()
  expect((await server.database.snapshot(reader => reader.group('crew'))).row?.name).toBe('Boat')
})

test('a tab that missed a logout learns its verdicts, and ends', async () => {
  const [first, second] = createPeers()
  const leader = createTestClient(server, 'ann', {
    storage: openDoor().storage,
    peers: first.peers,
    paused: true
  })
  first.lead()
  const opIDs: string[] = []
  for (const name of ['One', 'Two'])
    opIDs.push((await leader.apply('updateGroupProfile', { groupID: 'crew', name })).opID)
  expect(await leader.outbox()).toHaveLength(2)
  const dying = { ...second.peers, post: () => undefined }
  const storage = { ...openDoor().storage, destroy: () => new Promise<never>(() => undefined) }
  const other = createTestClient(server, 'ann', { storage, peers: dying, paused: true })
  await other.outbox()
  void other.engine.logout('discard')
  await server.clock.settle()
  const settled = Promise.all(opIDs.map(leader.engine.settled))
  const late = leader.engine.apply('updateGroupProfile', { groupID: 'crew', name: 'Three' })
  expect(await late).toMatchObject({ code: 2999 })
  const discarded = { verdict: { kind: 'rejected', error: { reason: 'Discarded' } } }
  expect(await settled).toMatchObject([discarded, discarded])
  expect(await leader.status()).toMatchObject({ connection: 'offline', lastError: { code: 2999 } })
})

test.each([false, true])(
  'a late commit undoes no newer name card, read between: %s',
  async isRead => {
    const [first, second, third] = createPeers()
    const leader = createTestClient(server, 'ann', {
      storage: openDoor().storage,
      peers: first.peers
    })
    first.lead()
    await leader.caughtUp()
    const late: PeerMessage[] = []
    let isLate = true
    let receive: (message: PeerMessage) => void = () => undefined
    const other = createTestClient(server, 'ann', {
      storage: openDoor().storage,
      peers: {
        ...second.peers,
        listen(onMessage) {
          receive = onMessage
          second.peers.listen(message => {
            if (isLate && message.type === 'committed') late.push(message)
            else onMessage(message)
          })
        }
      }
    })
    const list = other.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
    await server.clock.settle()
    const setNameCard = async (nameCard: string) => {
      await leader.settle('setGroupMemberNameCard', { groupID: 'crew', userID: 'bob', nameCard })
      await leader.caughtUp()
    }
    await setNameCard('old')
    if (isRead) third.peers.post(fromOtherBuild)
    isLate = false
    await setNameCard('new')
    late.forEach(receive)
    await server.clock.settle()
    expect(list.rows()).toContainEqual(expect.objectContaining({ userID: 'bob', nameCard: 'new' }))
  }
)
