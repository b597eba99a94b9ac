/** This build with a newer server, a newer client, and rows and tabs of a newer build. */

import { beforeEach, describe, expect, test } from 'vitest'
import type { MemberRow } from '../../src/kernel/model.ts'
import type { Database, Reader } from '../../src/server/database/port.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Connect } from '../../src/protocol/port.ts'
import {
  createTestClient,
  createTestServer,
  crewWithBob,
  type TestClient,
  type TestServer
} from '../harness.ts'
import { newerClient, newerServer } from './newer.ts'

let server: TestServer
beforeEach(() => {
  server = createTestServer()
})

/** A client behind another build, which counts the traffic of its line. */
function across(of: TestServer, userID: string, build: (connect: Connect) => Connect) {
  const network = of.network()
  const line = { connections: 0, characters: 0 }
  const counted: Connect = events => {
    line.connections++
    return build(network.connect)({
      ...events,
      onFrame(frame) {
        line.characters += frame.length
        events.onFrame(frame)
      }
    })
  }
  return {
    client: createTestClient({ ...of, network: () => ({ ...network, connect: counted }) }, userID),
    line
  }
}

const hourMs = 3_600_000

/** Applies an operation of each kind, from both sides. */
async function work(ann: TestClient, bob: TestClient): Promise<void> {
  await ann.apply('createGroup', crewWithBob)
  await ann.apply('updateGroupProfile', {
    groupID: 'crew',
    joinOption: 'NeedPermission',
    introduction: 'Sailing'
  })
  await ann.apply('setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Admin' })
  await ann.caughtUp()
  await bob.caughtUp()
  const carl = createTestClient(server, 'carl')
  await carl.settle('joinGroup', { groupID: 'crew', applyMessage: 'Let me in' })
  await server.clock.advance(100)
  // A build that does not know the type of the notice still has its number.
  const notice = (await bob.notices()).find(({ operatorID }) => operatorID === 'carl')
  await bob.settle('handleGroupApplication', {
    groupID: 'crew',
    userID: 'carl',
    applicationSeq: notice?.applicationSeq,
    handleAction: 'Agree'
  })
  await bob.settle('setGroupMemberNameCard', {
    groupID: 'crew',
    userID: 'carl',
    nameCard: 'Carl the cook'
  })
  await ann.settle('setMessageRemindType', { groupID: 'crew', messageRemindType: 'Discard' })
  await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['carl'] })
  await carl.engine.close()
  await server.clock.advance(1000)
}

describe('a newer server', () => {
  test('can add fields, messages and events', async () => {
    const ann = across(server, 'ann', newerServer)
    const bob = across(server, 'bob', newerServer)
    await work(ann.client, bob.client)
    const members = await bob.client.members('crew')
    expect(members.map(({ userID, role }) => `${userID} ${role}`)).toEqual([
      'ann Owner',
      'bob Admin'
    ])
    expect(
      (await bob.client.notices()).map(
        ({ operationType, application }) => application ?? operationType
      )
    ).toEqual([7, 9, 'agreed'])
    expect((await ann.client.tips('crew')).map(({ operationType }) => operationType)).toEqual([
      6, 4, 1, 3
    ])
    expect([await ann.client.outbox(), await ann.client.verdicts()]).toEqual([[], []])
  })

  test('costs no connection and no row more in an hour', async () => {
    const ann = across(server, 'ann', newerServer)
    const bob = across(server, 'bob', newerServer)
    await work(ann.client, bob.client)
    ann.line.characters = 0
    await server.clock.advance(hourMs)
    // Two pings a minute, and unknown messages around each pong.
    expect([ann.line.connections, bob.line.connections, ann.line.characters < 120 * 700]).toEqual([
      1,
      1,
      true
    ])
  })

  test('is understood again after the line was cut', async () => {
    const bob = across(server, 'bob', newerServer)
    const ann = createTestClient(server, 'ann')
    await work(ann, bob.client)
    bob.client.network.cut()
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    bob.client.network.restore()
    await bob.client.caughtUp()
    expect([(await bob.client.group('crew'))?.name, (await bob.client.notices()).length]).toEqual([
      'Boat',
      3
    ])
  })
})

describe('unknown words of a newer server', () => {
  const renaming = (connect: Connect) => newerServer(connect, { renames: true })

  test('are shown as they came, in rows, tips and notices', async () => {
    const bob = across(server, 'bob', renaming)
    await work(createTestClient(server, 'ann'), bob.client)
    const group = await bob.client.group('crew')
    expect([group?.type, group?.selfInfo?.role, group?.joinOption]).toEqual([
      'Guild',
      'Deputy',
      'NeedPermission'
    ])
    expect((await bob.client.members('crew')).map(({ role }) => role)).toEqual(['Owner', 'Deputy'])
    expect((await bob.client.tips('crew')).map(({ operationType }) => operationType)).toEqual([
      206, 204, 201, 3
    ])
    expect((await bob.client.notices()).map(({ operationType }) => operationType)).toEqual([
      207, 209, 201
    ])
    expect((await bob.client.status())?.policy.suppressTips).toEqual('some')
  })

  test('leave one connection and an empty outbox in an hour', async () => {
    const bob = across(server, 'bob', renaming)
    await work(createTestClient(server, 'ann'), bob.client)
    await bob.client.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await server.clock.advance(hourMs)
    expect([
      bob.line.connections,
      await bob.client.outbox(),
      bob.line.characters < 200_000
    ]).toEqual([1, [], true])
  })

  test('make the device queue what it cannot judge', async () => {
    const bob = across(server, 'bob', renaming)
    await work(createTestClient(server, 'ann'), bob.client)
    const { result } = await bob.client.apply('updateGroupProfile', {
      groupID: 'crew',
      name: 'Boat'
    })
    await bob.client.caughtUp()
    expect([result, (await bob.client.group('crew'))?.name]).toEqual([undefined, 'Boat'])
  })

  test('settle an operation as a verdict of an unknown kind', async () => {
    const bob = across(
      server,
      'bob',
      connect => events =>
        connect({
          ...events,
          onFrame: frame => events.onFrame(frame.replace('"kind":"applied"', '"kind":"postponed"'))
        })
    )
    await work(createTestClient(server, 'ann'), bob.client)
    const verdict = await bob.client.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    expect(verdict).toMatchObject({ kind: 'unknown', word: 'postponed', groupID: 'crew' })
    const kept = (await bob.client.verdicts()).map(
      ({ verdict }) => 'word' in verdict && verdict.word
    )
    expect([await bob.client.outbox(), kept.at(-1)]).toEqual([[], 'postponed'])
  })

  test('settle an operation with the reason and scope that were sent', async () => {
    const bob = across(server, 'bob', renaming)
    await work(createTestClient(server, 'ann'), bob.client)
    const verdict = await bob.client.settle('dismissGroup', { groupID: 'crew' })
    expect(verdict).toMatchObject({
      kind: 'rejected',
      error: { code: 10007, reason: 'AgainstHouseRules' },
      scope: 'house'
    })
  })
})

describe('a newer client', () => {
  test('is served, and told which of its messages are unknown', async () => {
    const ann = across(server, 'ann', newerClient)
    const bob = across(server, 'bob', newerClient)
    await work(ann.client, bob.client)
    await server.clock.advance(hourMs)
    const said = ann.client.network.transcript
      .filter(({ to }) => to === 'client')
      .map(({ message }) => message)
    expect(said.find(({ type }) => type === 'unknown')).toEqual({ type: 'unknown', what: 'typing' })
    expect([
      ann.line.connections,
      (await bob.client.members('crew')).length,
      server.errors
    ]).toEqual([1, 2, []])
  })
})

/** Rows as a newer build has written them into the database of this one. */
function widened(database: Database, change: (row: object) => object): Database {
  const widen = <T>(row: T | null): T | null => (row ? (change(row) as T) : null)
  const wide = <R extends Reader>(reader: R): R => ({
    ...reader,
    group: async groupID => {
      const state = await reader.group(groupID)
      return { ...state, row: widen(state.row) }
    },
    async sync(...request) {
      const rows = await reader.sync(...request)
      const wideRows = (list: readonly MemberRow[]) => list.flatMap(row => widen(row) ?? [])
      return {
        ...rows,
        groups: rows.groups.map(each => ({
          ...each,
          state: { ...each.state, row: widen(each.state.row) },
          changed: each.changed?.map(other => ({ ...other, row: widen(other.row) })) ?? null,
          known: wideRows(each.known),
          members: each.members && wideRows(each.members)
        }))
      }
    },
    membersAfter: async (...page) =>
      (await reader.membersAfter(...page)).flatMap(row => widen(row) ?? []),
    members: async (...users) =>
      (await reader.members(...users)).map(each => ({ ...each, row: widen(each.row) }))
  })
  return {
    ...database,
    snapshot: work => database.snapshot(reader => work(wide(reader))),
    transaction: work =>
      database.transaction(tx =>
        work({
          ...wide(tx),
          lockGroup: async groupID => {
            const state = await tx.lockGroup(groupID)
            return { ...state, row: widen(state.row) }
          }
        })
      )
  }
}

describe('rows of a newer build in the database', () => {
  test('have the digest that an older device computes', async () => {
    const database = widened(createMemoryDatabase('epoch-1'), row => ({
      ...row,
      pinned: true,
      badges: [{ of: 'gold' }]
    }))
    server = createTestServer({ database })
    const ann = across(server, 'ann', connect => connect)
    const bob = across(server, 'bob', connect => connect)
    await work(ann.client, bob.client)
    ann.line.characters = 0
    await server.clock.advance(hourMs)
    expect([ann.line.connections, ann.line.characters < 120 * 200]).toEqual([1, true])
  })

  test('of an unknown group type refuse an operation with 4515 alone', async () => {
    const database = widened(createMemoryDatabase('epoch-1'), row =>
      'type' in row ? { ...row, type: 'Guild' } : row
    )
    server = createTestServer({ database })
    const ann = createTestClient(server, 'ann')
    await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
    expect(await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })).toMatchObject(
      {
        kind: 'rejected',
        error: { code: 4515, reason: 'NotJudged' }
      }
    )
    expect([
      (await ann.settle('createGroup', { groupID: 'den', name: 'Den' })).kind,
      server.errors
    ]).toEqual(['applied', []])
  })

  test('of a type named as a built-in property are ordinary rows', async () => {
    const database = widened(createMemoryDatabase('epoch-1'), row =>
      'type' in row
        ? { ...row, type: 'constructor', joinOption: 'toString' }
        : { ...row, role: 'valueOf' }
    )
    server = createTestServer({ database })
    const ann = createTestClient(server, 'ann')
    await ann.settle('createGroup', crewWithBob)
    await server.clock.advance(60_000)
    const watched = ann.watch({ kind: 'members', groupID: 'crew', limit: 10, orderBy: 'role' })
    await server.clock.advance(100)
    expect((await ann.settle('dismissGroup', { groupID: 'crew' })).kind).toEqual('rejected')
    expect([(await ann.group('crew'))?.type, watched.rows().length, server.errors]).toEqual([
      'constructor',
      2,
      []
    ])
  })
})

describe('limits that a newer server has raised', () => {
  const longer = 'Sailing '.repeat(2000)
  const fields = Array.from({ length: 100 }, (_, index) => ({ key: `key${index}`, value: longer }))
  const raised = (connect: Connect): Connect => {
    const raise = (frame: string) =>
      frame
        .replaceAll('"introduction":""', `"introduction":"${longer}"`)
        .replaceAll('"groupCustomField":[]', `"groupCustomField":${JSON.stringify(fields)}`)
    return events => connect({ ...events, onFrame: frame => events.onFrame(raise(frame)) })
  }

  test('do not keep a device from catching up', async () => {
    const bob = across(server, 'bob', raised)
    await server.judge('bob', {
      name: 'createGroup',
      groupID: 'crew',
      args: { groupID: 'crew', name: 'Crew' }
    })
    await bob.client.caughtUp()
    const group = await bob.client.group('crew')
    expect([group?.introduction, group?.groupCustomField]).toEqual([longer, fields])
  })

  test('do not keep a device from being told why it was refused', async () => {
    const bob = across(
      server,
      'bob',
      connect => events =>
        connect({
          ...events,
          onFrame: frame =>
            events.onFrame(frame.replaceAll('"message":""', `"message":"${longer}"`))
        })
    )
    await bob.client.caughtUp()
    expect(await bob.client.settle('joinGroup', { groupID: 'nowhere' })).toMatchObject({
      error: { code: 10010 }
    })
  })
})

test('an unknown error of a newer server is tried again', async () => {
  let refuses = true
  const bob = across(
    server,
    'bob',
    connect => events =>
      connect({
        ...events,
        onFrame: frame =>
          events.onFrame(
            refuses
              ? JSON.stringify({
                  type: 'error',
                  error: { code: 80_001, reason: 'Closed', message: '' }
                })
              : frame
          )
      })
  )
  await server.clock.advance(60_000)
  refuses = false
  await bob.client.caughtUp()
  expect(await bob.client.status()).toMatchObject({ connection: 'online', lastError: null })
})
