/**
 * What a device may find in its storage, and what a server may send it. Whatever it is: nothing throws, what the server
 * knows is fetched again until the device has what the server has, and no operation is lost without a verdict.
 */

import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../server/memory.ts'
import type { Args, OperationName } from '../../src/kernel/decide.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/port.ts'
import type { LinkEvents } from '../../src/sync/port.ts'
import type { TestNetwork } from '../../src/testing/network.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

let server: TestServer
let bob: TestClient
/** What a device of ann holds that was offline when she did some things more. */
let storage: Storage
/** Those operations, in order, by their IDs. */
let waiting: string[]

const groupIDs = ['crew', 'den', 'live', 'isle', 'later']

beforeEach(() => {
  server = createTestServer()
  bob = createTestClient(server, 'bob')
})

async function live(open: () => Promise<Storage>): Promise<void> {
  await bob.settle('createGroup', { groupID: 'live', name: 'Live', type: 'AVChatRoom' })
  await bob.settle('createGroup', { groupID: 'taken', name: 'Taken' })
  storage = await open()
  const ann = createTestClient(server, 'ann', { storage })
  const memberList = [{ userID: 'bob', role: 'Admin' as const }, { userID: 'carl' }]
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  await ann.settle('createGroup', { groupID: 'den', name: 'Den', memberList: [{ userID: 'dan' }] })
  await ann.settle('joinGroup', { groupID: 'live' })
  await ann.settle('createGroup', { groupID: 'taken', name: 'Mine' })
  await server.clock.advance(1000)
  ann.network.cut()
  const later: { [N in OperationName]?: Args<N> }[] = [
    { updateGroupProfile: { groupID: 'crew', name: 'Boat' } },
    { setGroupMemberRole: { groupID: 'crew', userID: 'carl', role: 'Admin' } },
    { updateGroupProfile: { groupID: 'den', introduction: 'Ours' } },
    { createGroup: { groupID: 'isle', name: 'Isle' } }
  ]
  waiting = []
  for (const operation of later)
    for (const [name, args] of Object.entries(operation)) waiting.push((await ann.apply(name as OperationName, args)).opID)
  await ann.engine.close()
}

/** All that a device shows of the groups, once everything has come. */
async function shown(client: TestClient): Promise<unknown> {
  for (const groupID of groupIDs) await client.members(groupID)
  await server.clock.advance(2000)
  const groups = await Promise.all(groupIDs.map(client.group))
  return { list: await client.groups(), groups, members: await Promise.all(groupIDs.map(groupID => client.members(groupID))) }
}

/** Everything has come and gone: the device has what the server has, and what changes from now on. */
async function expectWell(ann: TestClient, { lost = [] as number[] } = {}): Promise<void> {
  await ann.caughtUp()
  expect((await ann.status())?.lastError).toBeNull()
  await bob.settle('updateGroupProfile', { groupID: 'crew', introduction: 'News' })
  await bob.settle('createGroup', { groupID: 'later', name: 'Later', memberList: [{ userID: 'ann' }] })
  const truth = await shown(createTestClient(server, 'ann'))
  expect(await shown(ann)).toEqual(truth)
  expect(truth).toMatchObject({ groups: [{ introduction: 'News' }, {}, {}, {}, { name: 'Later' }] })
  for (const [index, opID] of waiting.entries()) {
    const verdict = await ann.engine.settled(opID)
    if (!lost.includes(index)) expect(verdict, `operation ${index}`).toMatchObject({ verdict: { kind: 'applied' } })
  }
  expect(server.errors).toEqual([])
}

const refusals = async (client: TestClient): Promise<unknown[]> =>
  (await client.verdicts()).map(({ verdict }) => (verdict.kind === 'rejected' ? verdict.error.code : verdict.kind)).sort()

// ── storage ─────────────────────────────────────────────────────────────────

describe('what storage holds', () => {
  type Row = Record<string, any>
  type Page = unknown[]
  let name = ''
  let count = 0
  beforeEach(() => {
    name = `device ${count++}`
    return live(() => openDexieStorage(name))
  })

  /** Changes the records of a table and scope behind the back of whoever wrote them. */
  async function damage(table: string, scope: string, change: (page: Page) => unknown): Promise<void> {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => resolve(opening.result)
      opening.onerror = () => reject(opening.error ?? new Error('not opened'))
    })
    const changed = await new Promise<number>(resolve => {
      let pages = 0
      const transaction = db.transaction('pages', 'readwrite')
      const range = IDBKeyRange.bound([table, scope], [table, scope, []])
      transaction.objectStore('pages').openCursor(range).onsuccess = ({ target }) => {
        const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result
        if (!cursor) return
        const page = change(cursor.value as Page)
        if (page === gone) cursor.delete()
        else cursor.update(page)
        pages++
        cursor.continue()
      }
      transaction.oncomplete = () => resolve(pages)
    })
    db.close()
    expect(changed).toBeGreaterThan(0)
  }

  const gone = Symbol('no page')
  /** Changes one row of a page; of the outbox and of verdicts, whose pages have one, all. */
  const row =
    (change: (row: Row) => unknown, index = 0) =>
    (page: Page) =>
      page.map((each, at) => (at === index ? change(each as Row) : each))
  const put = (fields: Row) => row(each => ({ ...each, ...fields }))
  const without = (field: string) => row(each => Object.fromEntries(Object.entries(each).filter(([key]) => key !== field)))
  const withPrototype = row(each => JSON.parse(`{"__proto__":{"role":"Owner"},${JSON.stringify(each).slice(1)}`))
  /** Only what was asked for first. */
  const firstOnly = (change: (page: Page) => unknown) => (page: Page) =>
    (page[0] as Row)['opID'] === waiting[0] ? change(page) : page
  const endless = { length: 'x'.repeat(65) }

  const nonsense: [what: string, change: (page: Page) => unknown][] = [
    ['null', row(() => null)],
    ['a number', row(() => 5)],
    ['a text', row(() => 'row')],
    ['a list', row(() => [])],
    ['an empty object', row(() => ({}))],
    ['a date', row(() => new Date(0))],
    ['no list of rows', () => ({ rows: [] })],
    ['null for a list of rows', () => null],
    ['a text for a list of rows', () => 'rows']
  ]

  type Case = [title: string, table: string, scope: string, change: (page: Page) => unknown]
  const base: Case[] = [
    ...nonsense.map(([what, change]): Case => [`${what} for the position`, 'meta', '', change]),
    ['no position at all', 'meta', '', () => gone],
    ['an empty record for the position', 'meta', '', () => []],
    ['a position with an own prototype', 'meta', '', withPrototype],
    ['a position cut off after the user', 'meta', '', row(({ userID }) => ({ userID }))],
    ['a position without an epoch', 'meta', '', without('epoch')],
    ['a position with a number for an epoch', 'meta', '', put({ epoch: 1 })],
    ['a position with an epoch that no server has', 'meta', '', put({ epoch: endless.length })],
    ['a position without a policy', 'meta', '', without('policy')],
    ['a position with a policy in words', 'meta', '', put({ policy: { adminsCanKick: 'no', groupsPerUserMax: 3000 } })],
    ['a position in words', 'meta', '', put({ feed: '3' })],
    ['a position that is negative', 'meta', '', put({ feed: -1 })],
    ['a position that is a fraction', 'meta', '', put({ feed: 0.5 })],
    ['a position that is NaN', 'meta', '', put({ feed: NaN })],
    ['a position of 1e300', 'meta', '', put({ feed: 1e300 })],
    ['a position that the feed has not reached', 'meta', '', put({ feed: 999 })],
    ['a position that the feed has long left behind', 'meta', '', put({ feed: 1 })],
    ['a position with a clock in words', 'meta', '', put({ clockOffsetMs: '0' })],
    ['a position with a clock that is infinitely wrong', 'meta', '', put({ clockOffsetMs: Infinity })],

    ...nonsense.map(([what, change]): Case => [`${what} for a group`, 'groups', '', change]),
    ['no groups at all', 'groups', '', () => gone],
    ['an empty record for the groups', 'groups', '', () => []],
    ['a group with an own prototype', 'groups', '', withPrototype],
    ['a group without its ID', 'groups', '', without('groupID')],
    ['a group with a number for its ID', 'groups', '', put({ groupID: 5 })],
    ['a group under the ID of another', 'groups', '', put({ groupID: 'other' })],
    ['a group without a profile where there was one', 'groups', '', without('row')],
    ['a group with a text for a number', 'groups', '', row(each => ({ ...each, row: { ...each['row'], memberNum: '3' } }))],
    ['a group of a type that there is none of', 'groups', '', row(each => ({ ...each, row: { ...each['row'], type: 'Club' } }))],
    ['a group with null for its name', 'groups', '', row(each => ({ ...each, row: { ...each['row'], name: null } }))],
    [
      'a group with custom fields that are null',
      'groups',
      '',
      row(each => ({ ...each, row: { ...each['row'], groupCustomField: [null] } }))
    ],
    [
      'a group in which the user has a role that there is none of',
      'groups',
      '',
      row(each => ({ ...each, self: { ...each['self'], role: 'King' } }))
    ],
    ['a group at no position', 'groups', '', put({ seq: null })],
    ['a group at a position in words', 'groups', '', put({ seq: '1' })],
    ['a group at a negative position', 'groups', '', put({ seq: -1 })],
    ['a group at a position of 1e300', 'groups', '', put({ seq: 1e300 })],
    ['a group at a position that it has not reached', 'groups', '', put({ seq: 999 })],
    ['a group without a membership', 'groups', '', without('mep')],
    ['a group of a membership to come', 'groups', '', put({ mep: 99 })],
    ['a group whose members are held up to a number', 'groups', '', put({ membersUpTo: 5 })],

    ...nonsense.map(([what, change]): Case => [`${what} for a member`, 'members', 'crew', change]),
    ['null for the member that an operation is about', 'members', 'crew', row(() => null, 2)],
    [
      'a number for the name of the member that an operation is about',
      'members',
      'crew',
      row(each => ({ ...each, nameCard: 5 }), 2)
    ],
    ['no ID of the member that an operation is about', 'members', 'crew', row(each => ({ ...each, userID: undefined }), 2)],
    ['a member with an own prototype', 'members', 'crew', withPrototype],
    ['a member without an ID', 'members', 'crew', without('userID')],
    ['a member with a number for an ID', 'members', 'crew', put({ userID: 5 })],
    ['a member with a role that there is none of', 'members', 'crew', put({ role: 'King' })],
    ['a member who joined in words', 'members', 'crew', put({ joinTime: 'today' })],
    ['a member who is muted for ever and a fraction', 'members', 'crew', put({ muteUntil: 0.5 })],
    ['a member of another group', 'members', 'crew', put({ groupID: 'den' })],
    ['no members at all', 'members', 'crew', () => gone],
    ['an empty record for the members', 'members', 'crew', () => []],
    ['a member too few', 'members', 'crew', page => page.slice(1)],
    ['null for oneself in an audio-video chat room', 'members', 'live', row(() => null)],
    ['oneself without a role in an audio-video chat room', 'members', 'live', without('role')]
  ]
  test.each(base)('%s is forgotten, and the device ends with what the server has', async (_title, table, scope, change) => {
    await damage(table, scope, change)
    const ann = createTestClient(server, 'ann', { storage: await openDexieStorage(name) })
    await expectWell(ann)
    expect(await refusals(ann)).toEqual([10021])
  })

  const operations: [title: string, change: (page: Page) => unknown, code: number | undefined][] = [
    ...nonsense.map(([what, change]): (typeof operations)[number] => [what, change, 4506]),
    ['an operation with an own prototype', withPrototype, undefined],
    ['an operation without an ID', without('opID'), 4506],
    ['an operation with a number for an ID', put({ opID: 5 }), 4506],
    ['an operation with an empty ID', put({ opID: '' }), 4506],
    ['an operation with an ID that no server takes', put({ opID: endless.length }), 4506],
    ['an operation with an ID with NUL', put({ opID: '\u0000' }), 4506],
    ['an operation without an order', without('order'), 4506],
    ['an operation with an order in words', put({ order: '1' }), 4506],
    ['an operation without a name', without('name'), 4506],
    ['an operation with a number for a name', put({ name: 5 }), 4506],
    ['an operation with a name that no server takes', put({ name: 'x'.repeat(41) }), 4506],
    ['an operation with a name that there is none of', put({ name: 'fly' }), 10003],
    ['an operation with a name that every object has', put({ name: 'constructor' }), 10003],
    ['an operation without arguments', without('args'), 4506],
    ['an operation with null for arguments', put({ args: null }), 4506],
    ['an operation with a text for arguments', put({ args: 'crew' }), 4506],
    ['an operation with empty arguments', put({ args: {} }), 10004],
    ['an operation with arguments of another group', put({ args: { groupID: 'den', name: 'Boat' } }), 10015],
    ['an operation with an argument that is not allowed', put({ args: { groupID: 'crew', name: 5 } }), 10004],
    ['an operation with an argument that no server takes', put({ args: { groupID: 'crew', ['x'.repeat(65)]: 1 } }), 4506],
    ['an operation with arguments nested 13 deep', put({ args: { groupID: 'crew', name: [[[[[[[[[[[[[]]]]]]]]]]]]] } }), 4506],
    [
      'an operation with arguments that are larger than a frame',
      put({ args: { groupID: 'crew', name: 'x'.repeat(300_000) } }),
      4506
    ],
    ['an operation without a group', without('groupID'), 4506],
    ['an operation with a number for a group', put({ groupID: 5 }), 4506],
    ['an operation with an empty group', put({ groupID: '' }), 4506],
    ['an operation with a group that no server takes', put({ groupID: endless.length }), 4506],
    ['an operation with a group that no server takes, and more', put({ groupID: endless.length, order: null }), 4506],
    ['an operation with an ID that no server takes, and more', put({ opID: endless.length, order: null }), 4506],
    ['an operation asked for in words', put({ at: 'today' }), 4506],
    ['an operation at no time', put({ now: NaN }), 4506],
    ['an operation that has seen a negative number', put({ seen: -1 }), 4506],
    ['an operation that has seen 1e300', put({ seen: 1e300 }), 4506],
    ['an operation with a verdict that is none', put({ applied: { kind: 'applied' } }), 4506],
    ['an operation with a verdict that is null', put({ applied: null }), 4506]
  ]
  test.each(operations)('%s in the outbox gets a verdict, and the others are delivered', async (_title, change, code) => {
    await damage('outbox', '', firstOnly(change))
    const ann = createTestClient(server, 'ann', { storage: await openDexieStorage(name) })
    await expectWell(ann, { lost: code === undefined ? [] : [0] })
    expect(await refusals(ann)).toEqual([10021, ...(code === undefined ? [] : [code])].sort())
    // It is over: another start finds nothing of it but the verdict.
    await ann.engine.close()
    const again = createTestClient(server, 'ann', { storage: await openDexieStorage(name), paused: true })
    expect([await again.outbox(), await refusals(again)]).toEqual([[], await refusals(ann)])
  })

  test.each([
    ...nonsense,
    ['a verdict of another kind', put({ verdict: { kind: 'perhaps' } })],
    ['a verdict without an operation', row(each => ({ ...each, verdict: { ...each['verdict'], opID: undefined } }))],
    [
      'a verdict with a reason that there is none of',
      row(each => ({ ...each, verdict: { ...each['verdict'], error: { code: 1, reason: 'x', message: '' } } }))
    ]
  ] as typeof nonsense)('%s among the verdicts is passed over, and the other verdicts stay', async (_title, change) => {
    await damage('verdicts', '', page => ((page[0] as Row)['verdict'].kind === 'applied' ? change(page) : page))
    const ann = createTestClient(server, 'ann', { storage: await openDexieStorage(name) })
    await expectWell(ann)
    expect(await refusals(ann)).toEqual([10021])
  })

  test('all of it at once is survived, and every operation gets a verdict', async () => {
    for (const [table, scope] of [
      ['meta', ''],
      ['groups', ''],
      ['members', 'crew'],
      ['members', 'den'],
      ['members', 'live'],
      ['outbox', ''],
      ['verdicts', '']
    ] as const)
      await damage(table, scope, () => 'rubbish')
    const ann = createTestClient(server, 'ann', { storage: await openDexieStorage(name) })
    await expectWell(ann, { lost: [0, 1, 2, 3] })
    expect(await refusals(ann)).toEqual([4506, 4506, 4506, 4506])
  })

  test('a lost position counts as one of another history, so that nothing of an older one stays', async () => {
    const { clock } = server
    server = createTestServer({ clock, database: createMemoryDatabase('epoch-2') })
    bob = createTestClient(server, 'bob')
    await bob.settle('createGroup', { groupID: 'crew', name: 'Another', type: 'Public', memberList: [{ userID: 'ann' }] })
    await damage('meta', '', () => gone)
    const ann = createTestClient(server, 'ann', { storage: await openDexieStorage(name) })
    await expectWell(ann, { lost: [0, 1, 2, 3] })
  })
})
