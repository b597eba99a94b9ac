/**
 * Damage in a device's storage and in a server's frames. Nothing throws, rows are fetched again
 * until they equal the server's, and every operation gets a verdict.
 */

import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Args, OperationName } from '../../src/kernel/decide.ts'
import { must } from '../../src/kernel/must.ts'
import { decodeRows } from '../../src/protocol/column-block.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { decodeRecord, type JournalRecord } from '../../src/storage/journal-format.ts'
import { decodePage } from '../../src/storage/page-format.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/port.ts'
import { frameLimits } from '../../src/protocol/messages.ts'
import type { LinkEvents } from '../../src/protocol/port.ts'
import type { TestNetwork } from '../../src/testing/network.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

let server: TestServer
let bob: TestClient
/** What a device of ann holds that was offline when she did some things more. */
let storage: Storage
/** Those operations, in order, by their IDs. */
let waiting: string[]
/** What the server said last, by type. */
let said: Record<string, Record<string, unknown>>

const groupIDs = ['crew', 'den', 'live', 'isle', 'later']

const clients: TestClient[] = []
/** A client that ends with its test. */
function start(...[of, userID, options]: Parameters<typeof createTestClient>): TestClient {
  const client = createTestClient(of, userID, options)
  clients.push(client)
  return client
}

beforeEach(() => {
  server = createTestServer()
  bob = start(server, 'bob')
})
afterEach(() => Promise.all(clients.splice(0).map(({ engine }) => engine.close())))

type Call = { [N in OperationName]: [name: N, args: Args<N>] }[OperationName]

async function prepare(
  open: () => Promise<Storage>,
  { isAboutMember = false } = {}
): Promise<void> {
  await bob.settle('createGroup', { groupID: 'live', name: 'Live', type: 'AVChatRoom' })
  await bob.settle('createGroup', { groupID: 'taken', name: 'Taken' })
  storage = await open()
  const ann = start(server, 'ann', { storage })
  const memberList = [{ userID: 'bob', role: 'Admin' as const }, { userID: 'carl' }]
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  await ann.settle('createGroup', { groupID: 'den', name: 'Den', memberList: [{ userID: 'dan' }] })
  await ann.settle('joinGroup', { groupID: 'live' })
  await ann.settle('createGroup', { groupID: 'taken', name: 'Mine' })
  await server.clock.advance(1000)
  // What it says to a device that comes back.
  ann.network.cut()
  ann.network.restore()
  await ann.caughtUp()
  ann.network.cut()
  said = Object.fromEntries(
    ann.network.transcript.map(({ message }) => [String(message['type']), message])
  )
  const later: Call[] = [
    ['updateGroupProfile', { groupID: 'crew', name: 'Boat' }],
    ['updateGroupProfile', { groupID: 'den', introduction: 'Ours' }],
    ['createGroup', { groupID: 'isle', name: 'Isle' }]
  ]
  if (isAboutMember)
    later.push(['setGroupMemberRole', { groupID: 'crew', userID: 'carl', role: 'Admin' }])
  waiting = []
  for (const [name, args] of later) waiting.push((await ann.apply(name, args)).opID)
  await ann.engine.close()
}

/** All that a device shows of the groups, once everything has come. */
async function shown(client: TestClient): Promise<unknown> {
  for (const groupID of groupIDs) await client.members(groupID)
  await server.clock.advance(2000)
  const groups = await Promise.all(groupIDs.map(client.group))
  return {
    list: await client.groups(),
    groups,
    members: await Promise.all(groupIDs.map(groupID => client.members(groupID)))
  }
}

/** Everything is settled but the first operations, and the device is caught up. */
async function expectWell(ann: TestClient, { lost = 0 } = {}): Promise<void> {
  await ann.caughtUp()
  expect((await ann.status())?.lastError).toBeNull()
  await bob.settle('updateGroupProfile', { groupID: 'crew', introduction: 'News' })
  await bob.settle('createGroup', {
    groupID: 'later',
    name: 'Later',
    memberList: [{ userID: 'ann' }]
  })
  const truth = await shown(start(server, 'ann'))
  expect(await shown(ann)).toEqual(truth)
  expect([(await ann.group('crew'))?.introduction, (await ann.group('later'))?.name]).toEqual([
    'News',
    'Later'
  ])
  for (const [index, opID] of waiting.entries()) {
    const verdict = await ann.engine.settled(opID)
    if (index >= lost)
      expect(verdict, `operation ${index}`).toMatchObject({ verdict: { kind: 'applied' } })
  }
  expect(server.errors).toEqual([])
}

const ascending = (codes: number[]): number[] => codes.sort((a, b) => a - b)
const refusals = async (client: TestClient): Promise<number[]> =>
  ascending(
    (await client.verdicts()).map(({ verdict }) =>
      verdict.kind === 'rejected' ? verdict.error.code : 0
    )
  )

// ── storage ─────────────────────────────────────────────────────────────────

describe.each(['pages', 'journal'] as const)('damaged records in the %s', store => {
  type Row = Record<string, any>
  type Page = unknown[]
  type JournalWrite = { table: string; scope: string; row?: unknown; block?: unknown }
  let name = ''
  let count = 0
  beforeEach(() => {
    name = `device ${store} ${count++}`
  })

  const open = () => openDexieStorage(name)
  const again = async (options = {}) => start(server, 'ann', { storage: await open(), ...options })

  /** Folds all that is in the journal into pages. */
  async function fold(): Promise<void> {
    const folding = await openDexieStorage(name, { journalRowsMax: 0 })
    // A connection that has not read cannot write a checkpoint.
    await folding.read([{ table: 'meta', scope: '' }])
    await folding.transact([], () => [{ table: 'undelivered', scope: '', id: 'never', row: null }])
    while ((await records()) > 1) await new Promise(resolve => setTimeout(resolve, 1))
    await folding.close()
  }
  const records = async () => (await edit('journal', null, each => each)).length

  /** Changes stored records directly; returns the records before. */
  async function edit(
    where: string,
    range: IDBKeyRange | null,
    change: (record: unknown) => unknown
  ): Promise<unknown[]> {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => resolve(opening.result)
      opening.onerror = () => reject(opening.error ?? new Error('not opened'))
    })
    const found: unknown[] = []
    await new Promise(resolve => {
      const transaction = db.transaction(where, 'readwrite')
      transaction.objectStore(where).openCursor(range).onsuccess = ({ target }) => {
        const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result
        if (!cursor) return
        found.push(cursor.value)
        const changed = change(cursor.value)
        if (changed === gone) cursor.delete()
        else cursor.update(changed)
        cursor.continue()
      }
      transaction.oncomplete = resolve
    })
    db.close()
    return found
  }

  /**
   * Changes the rows of a table and scope: of the outbox and of verdicts each by itself, of others
   * page by page.
   */
  async function damage(
    table: string,
    scope: string,
    change: (page: Page) => unknown
  ): Promise<void> {
    const isSingly = table === 'outbox' || table === 'verdicts'
    const changedRow = (row: unknown): unknown[] => {
      const page = change([row])
      return page === gone ? [] : Array.isArray(page) ? page : [page]
    }
    if (store === 'pages') {
      await fold()
      const range = IDBKeyRange.bound([table, scope], [table, scope, []])
      const pages = await edit('pages', range, record =>
        isSingly ? decodePage(record).flatMap(changedRow) : change(decodePage(record))
      )
      return expect(pages.length).toBeGreaterThan(0)
    }
    let count = 0
    await edit('journal', null, record => ({
      ...(record as JournalRecord),
      writes: (decodeRecord(record as JournalRecord).writes as readonly JournalWrite[]).flatMap(
        write => {
          if (write.table !== table || write.scope !== scope) return [write]
          if ('block' in write || ('row' in write && write.row !== null)) count++
          if (write.block) {
            const block = change(decodeRows(write.block) as Page)
            return block === gone ? [] : [{ ...write, block }]
          }
          return write.row ? changedRow(write.row).map(row => ({ ...write, row })) : [write]
        }
      )
    }))
    expect(count).toBeGreaterThan(0)
  }

  const gone = Symbol('no page')
  /** Changes one row of a page. */
  const row =
    (change: (row: Row) => unknown, index = 0) =>
    (page: Page) =>
      page.map((each, at) => (at === index ? change(each as Row) : each))
  const put = (fields: Row) => row(each => ({ ...each, ...fields }))
  const without = (field: string) =>
    row(each => Object.fromEntries(Object.entries(each).filter(([key]) => key !== field)))
  const withPrototype = row(each =>
    JSON.parse(`{"__proto__":{"role":"Owner"},${JSON.stringify(each).slice(1)}`)
  )
  /** Only the first operation. */
  const firstOnly = (change: (page: Page) => unknown) => (page: Page) =>
    (page[0] as Row)['opID'] === waiting[0] ? change(page) : page
  const endless = { length: 'x'.repeat(65) }

  const nonsense: [what: string, change: (page: Page) => unknown][] = [
    ['a number', row(() => 5)],
    ['a text', row(() => 'row')],
    ['a list', row(() => [])],
    ['an empty object', row(() => ({}))],
    ['a date', row(() => new Date(0))]
  ]
  // In the journal, null is a row that was removed; and it has no list of rows.
  if (store === 'pages')
    nonsense.push(
      ['null', row(() => null)],
      ['no list of rows', () => ({ rows: [] })],
      ['null for a list of rows', () => null],
      ['a text for a list of rows', () => 'rows']
    )

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
    [
      'a position with a policy in words',
      'meta',
      '',
      put({ policy: { adminsCanKick: 'no', groupsPerUserMax: 3000 } })
    ],
    ['a position in words', 'meta', '', put({ feed: '3' })],
    ['a position that is negative', 'meta', '', put({ feed: -1 })],
    ['a position that is a fraction', 'meta', '', put({ feed: 0.5 })],
    ['a position that is NaN', 'meta', '', put({ feed: NaN })],
    ['a position of 1e300', 'meta', '', put({ feed: 1e300 })],
    ['a position that the feed has not reached', 'meta', '', put({ feed: 999 })],
    ['a position that the feed has long left behind', 'meta', '', put({ feed: 1 })],
    ['a position with a clock in words', 'meta', '', put({ clockOffsetMs: '0' })],
    [
      'a position with a clock that is infinitely wrong',
      'meta',
      '',
      put({ clockOffsetMs: Infinity })
    ],

    ...nonsense.map(([what, change]): Case => [`${what} for a group`, 'groups', '', change]),
    ['no groups at all', 'groups', '', () => gone],
    ['an empty record for the groups', 'groups', '', () => []],
    ['a group with an own prototype', 'groups', '', withPrototype],
    ['a group without its ID', 'groups', '', without('groupID')],
    ['a group with a number for its ID', 'groups', '', put({ groupID: 5 })],
    ['a group under the ID of another', 'groups', '', put({ groupID: 'other' })],
    ['a group without a profile where there was one', 'groups', '', without('row')],
    [
      'a group with a text for a number',
      'groups',
      '',
      row(each => ({ ...each, row: { ...each['row'], memberNum: '3' } }))
    ],
    [
      'a group with a number for its type',
      'groups',
      '',
      row(each => ({ ...each, row: { ...each['row'], type: 5 } }))
    ],
    [
      'a group with null for its name',
      'groups',
      '',
      row(each => ({ ...each, row: { ...each['row'], name: null } }))
    ],
    [
      'a group with custom fields that are null',
      'groups',
      '',
      row(each => ({ ...each, row: { ...each['row'], groupCustomField: [null] } }))
    ],
    [
      'a group in which the role of the user is no word',
      'groups',
      '',
      row(each => ({ ...each, self: { ...each['self'], role: '\u0000' } }))
    ],
    ['a group at no position', 'groups', '', put({ seq: null })],
    ['a group at a position in words', 'groups', '', put({ seq: '1' })],
    ['a group at a negative position', 'groups', '', put({ seq: -1 })],
    ['a group at a position of 1e300', 'groups', '', put({ seq: 1e300 })],
    ['a group at a position that it has not reached', 'groups', '', put({ seq: 999 })],
    ['a group without a membership', 'groups', '', without('membershipEpoch')],
    ['a group of a membership to come', 'groups', '', put({ membershipEpoch: 99 })],
    ['a group whose members are held up to a number', 'groups', '', put({ membersUpTo: 5 })],

    ...nonsense.map(([what, change]): Case => [`${what} for a member`, 'members', 'crew', change]),
    ['a text for the member that an operation is about', 'members', 'crew', row(() => 'carl', 2)],
    [
      'a number for the name of the member that an operation is about',
      'members',
      'crew',
      row(each => ({ ...each, nameCard: 5 }), 2)
    ],
    [
      'no ID of the member that an operation is about',
      'members',
      'crew',
      row(each => ({ ...each, userID: undefined }), 2)
    ],
    ['a member with an own prototype', 'members', 'crew', withPrototype],
    ['a member without an ID', 'members', 'crew', without('userID')],
    ['a member with a number for an ID', 'members', 'crew', put({ userID: 5 })],
    ['a member with a role of another build', 'members', 'crew', put({ role: 'King' })],
    ['a member who joined in words', 'members', 'crew', put({ joinTime: 'today' })],
    ['a member who is muted for ever and a fraction', 'members', 'crew', put({ muteUntil: 0.5 })],
    ['a member of another group', 'members', 'crew', put({ groupID: 'den' })],
    ['no members at all', 'members', 'crew', () => gone],
    ['an empty record for the members', 'members', 'crew', () => []],
    ['a member too few', 'members', 'crew', page => page.slice(1)],
    ['a number for oneself in an audio-video chat room', 'members', 'live', row(() => 5)],
    ['oneself without a role in an audio-video chat room', 'members', 'live', without('role')]
  ]
  test.each([[false], [true]])(
    'an undamaged device delivers pending operations (about a member: %s)',
    async isAboutMember => {
      await prepare(open, { isAboutMember })
      await expectWell(await again())
    }
  )

  test.each(base)(
    '%s is forgotten, and the device ends with what the server has',
    async (_title, table, scope, change) => {
      // An operation about a member reads that member at the start.
      await prepare(open, { isAboutMember: table === 'members' })
      await damage(table, scope, change)
      const ann = await again()
      await expectWell(ann)
      expect(await refusals(ann)).toEqual([10021])
    }
  )

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
    [
      'an operation with arguments of another group',
      put({ args: { groupID: 'den', name: 'Boat' } }),
      10015
    ],
    [
      'an operation with an argument that is not allowed',
      put({ args: { groupID: 'crew', name: 5 } }),
      10004
    ],
    [
      'an operation with an argument that no server takes',
      put({ args: { groupID: 'crew', ['x'.repeat(65)]: 1 } }),
      4506
    ],
    [
      'an operation with arguments nested 13 deep',
      put({ args: { groupID: 'crew', name: [[[[[[[[[[[[[]]]]]]]]]]]]] } }),
      4506
    ],
    [
      'an operation with arguments that are larger than a frame',
      put({ args: { groupID: 'crew', name: 'x'.repeat(frameLimits.toServerBytesMax) } }),
      4506
    ],
    ['an operation without a group', without('groupID'), 4506],
    ['an operation with a number for a group', put({ groupID: 5 }), 4506],
    ['an operation with an empty group', put({ groupID: '' }), 4506],
    ['an operation with a group that no server takes', put({ groupID: endless.length }), 4506],
    [
      'an operation with a group that no server takes, and more',
      put({ groupID: endless.length, order: null }),
      4506
    ],
    [
      'an operation with an ID that no server takes, and more',
      put({ opID: endless.length, order: null }),
      4506
    ],
    ['an operation asked for in words', put({ askedAtMs: 'today' }), 4506],
    ['an operation at no time', put({ askedAtServerSeconds: NaN }), 4506],
    ['an operation that has seen a negative number', put({ seen: -1 }), 4506],
    ['an operation that has seen 1e300', put({ seen: 1e300 }), 4506],
    ['an operation with a verdict that is none', put({ applied: { kind: 'applied' } }), 4506],
    ['an operation with a verdict that is null', put({ applied: null }), 4506]
  ]
  test.each(operations)(
    '%s in the outbox gets a verdict, and the others are delivered',
    async (_title, change, code) => {
      await prepare(open)
      await damage('outbox', '', firstOnly(change))
      const ann = await again()
      await expectWell(ann, { lost: code === undefined ? 0 : 1 })
      expect(await refusals(ann)).toEqual(ascending([10021, ...(code === undefined ? [] : [code])]))
      // It is over: another start finds nothing of it but the verdict.
      await ann.engine.close()
      const later = await again({ paused: true })
      expect([await later.outbox(), await refusals(later)]).toEqual([[], await refusals(ann)])
    }
  )

  test.each([
    ...nonsense,
    ['a verdict of another kind', put({ verdict: { kind: 'perhaps' } })],
    [
      'a verdict without an operation',
      row(each => ({ ...each, verdict: { ...each['verdict'], opID: undefined } }))
    ],
    [
      'a verdict with a reason that there is none of',
      row(each => ({
        ...each,
        verdict: { ...each['verdict'], error: { code: 1, reason: 'x', message: '' } }
      }))
    ]
  ] as typeof nonsense)(
    '%s among the verdicts is passed over, and the other verdicts stay',
    async (_title, change) => {
      await prepare(open)
      await damage('verdicts', '', page =>
        (page[0] as Row)['verdict'].kind === 'applied' ? change(page) : page
      )
      const ann = await again()
      await expectWell(ann)
      expect(await refusals(ann)).toEqual([10021])
    }
  )

  test('all damage at once leaves every operation with a verdict', async () => {
    await prepare(open)
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
    const ann = await again()
    await expectWell(ann, { lost: waiting.length })
    expect(new Set(await refusals(ann))).toEqual(new Set([4506]))
  })

  test.each([
    ['without writes', { writes: null }],
    ['with writes that are none', { writes: [5] }],
    ['with writes that are cut off', { writes: '{"count":2,"columns":{"table":["me' }],
    [
      'with columns that do not fit',
      { writes: '{"count":2,"columns":{"table":["meta","meta"],"scope":["a","b","c"]}}' }
    ],
    [
      'with a table that there is none of',
      { writes: [{ table: 'others', scope: '', id: 'x', row: {} }] }
    ],
    ['with a run that is none', { writes: [{ table: 'members', scope: 'crew', block: 5 }] }],
    [
      'with a run that is none beside an ID',
      { writes: [{ table: 'members', scope: 'crew', id: 'ann', block: 5 }] }
    ],
    [
      'with a run of lists',
      { writes: [{ table: 'members', scope: 'crew', block: { per: 1, items: [1] } }] }
    ],
    ['with scopes that are none', { checkpointed: 5, writes: 5 }]
  ])('a journal record %s is reported lost, and the device recovers', async (_title, change) => {
    await prepare(open)
    await edit('journal', null, record =>
      (record as JournalRecord).commitNumber === 1 ? { ...(record as object), ...change } : record
    )
    const ann = await again()
    await expectWell(ann)
    expect(await refusals(ann)).toContain(4506)
  })

  test('a lost position makes the device forget all base rows', async () => {
    await prepare(open)
    const { clock } = server
    server = createTestServer({ clock, database: createMemoryDatabase('epoch-2') })
    bob = start(server, 'bob')
    await bob.settle('createGroup', {
      groupID: 'crew',
      name: 'Another',
      type: 'Public',
      memberList: [{ userID: 'ann' }]
    })
    await damage('meta', '', () => gone)
    const ann = await again()
    await expectWell(ann, { lost: waiting.length })
  })
})

// ── frames ──────────────────────────────────────────────────────────────────

describe('damaged frames', () => {
  type Message = Record<string, any>
  /** Where the device stands when it says hello. */
  type Stand = {
    readonly feed: number
    readonly crew: Message
    readonly membershipEpoch: number
    readonly seq: number
  }
  type Script = (stand: Stand) => (Message | string)[]

  const welcome = (changes: Message = {}) => ({ ...said['welcome'], ...changes })
  const delta = ({ feed, ...changes }: Message = {}) => ({
    ...said['delta'],
    groups: [],
    verdicts: [],
    retry: [],
    caughtUp: false,
    ...changes,
    feed
  })
  const member = (changes: Message = {}) => ({
    groupID: 'crew',
    userID: 'mallory',
    role: 'Owner',
    joinTime: 1,
    nameCard: '',
    muteUntil: 0,
    memberCustomField: [],
    ...changes
  })
  /** The next change of the group, with something about it that should not be. */
  const next =
    (changes: Message = {}): Script =>
    ({ crew, membershipEpoch, seq }) => [
      welcome(),
      delta({
        groups: [
          {
            groupID: 'crew',
            membershipEpoch,
            from: seq,
            to: seq + 1,
            group: { ...crew, name: 'Wrong' },
            members: [],
            gone: [],
            complete: false,
            tips: [],
            ...changes
          }
        ]
      })
    ]
  const profile =
    (changes: Message): Script =>
    stand =>
      next({ group: { ...stand.crew, ...changes } })(stand)
  /** Members of a group of which the device does not hold all. */
  const page =
    (changes: Message): Script =>
    ({ membershipEpoch, seq }) => [
      welcome(),
      {
        type: 'members',
        groupID: 'den',
        membershipEpoch,
        asOf: seq,
        after: '',
        members: [member({ groupID: 'den' })],
        next: null,
        ...changes
      }
    ]
  const verdict =
    (changes: Message): Script =>
    () => [
      welcome(),
      delta({
        verdicts: [
          {
            kind: 'rejected',
            opID: waiting[0],
            groupID: 'crew',
            error: { code: 10007, reason: 'NotPermitted', message: '' },
            scope: 'permission',
            ...changes
          }
        ]
      })
    ]
  const feed =
    (changes: Message): Script =>
    stand => [
      welcome(),
      delta({ feed: { from: stand.feed, to: stand.feed + 1, events: [], ...changes } })
    ]
  const error =
    (code: number, reason: string): Script =>
    () => [{ type: 'error', error: { code, reason, message: 'No.' } }]
  const left = {
    kind: 'left',
    fseq: 1,
    groupID: 'crew',
    membershipEpoch: 1,
    reason: 'kicked',
    by: 'mallory',
    atSeconds: 1
  }

  /** What is sent to every hello, and the error that shows afterwards. */
  const frames: [title: string, script: Script, code: number | null][] = [
    ['nothing at all', () => [], null],
    ['a welcome, and nothing after it', () => [welcome()], null],
    ['an empty frame', () => [''], 4509],
    ['half of JSON', () => ['{'], 4509],
    ['null', () => ['null'], 4509],
    ['a list', () => ['[]'], 4509],
    ['a type that is a number', () => [{ type: 5 }], 4509],
    ['a type that only another build knows', () => [{ type: 'drop' }], null],
    ['a type that names a prototype', () => ['{"__proto__":{"type":"pong"}}'], 4509],
    ['a type of the client', () => [{ type: 'ping' }], null],
    ['a frame nested 100,000 deep', () => ['['.repeat(100_000)], 4509],
    ['a frame of 10 MB of nonsense', () => ['x'.repeat(10_000_000)], 4509],
    [
      'a frame of 10 MB that says little',
      () => [
        welcome(),
        { type: 'pong', serverTime: 1, feed: 0, groups: 0, x: 'x'.repeat(10_000_000) }
      ],
      null
    ],
    [
      '50,000 members of a group that the device does not hold',
      page({
        groupID: 'other',
        members: Array.from({ length: 50_000 }, (_, user) =>
          member({ groupID: 'other', userID: `u${user}` })
        )
      }),
      null
    ],

    ['a welcome for somebody else', () => [welcome({ userID: 'bob' })], 70013],
    ['a welcome for nobody', () => [welcome({ userID: '' })], 4509],
    ['a welcome without a policy', () => [welcome({ policy: undefined })], 4509],
    [
      'a welcome with a policy in words',
      () => [welcome({ policy: { adminsCanKick: 'yes', groupsPerUserMax: 1 } })],
      4509
    ],
    ['a welcome without an epoch', () => [welcome({ epoch: '' })], 4509],
    ['a welcome with an epoch of 65 characters', () => [welcome({ epoch: 'x'.repeat(65) })], 4509],
    ['a welcome at a time in words', () => [welcome({ serverTime: 'now' })], 4509],
    ['a welcome at a time that no calendar has', () => [welcome({ serverTime: 1e300 })], 4509],
    ['an error: the userSig has expired', error(70001, 'TokenExpired'), 70001],
    ['an error: the userSig is of another app', error(70014, 'TokenOfOtherApp'), 70014],
    ['an error: this version is too old', error(4508, 'ProtocolTooOld'), 4508],
    ['an error: the server is busy', error(10002, 'ServerBusy'), 10002],
    ['an error: slow down', error(10006, 'TooFrequent'), 10006],
    ['an error with a reason of another build', error(1, 'Whim'), 1],
    [
      'an error with a code in words',
      () => [{ type: 'error', error: { code: 'no', reason: 'ServerBusy', message: '' } }],
      4509
    ],

    ['a change before any welcome', stand => next()(stand).slice(1), 4509],
    ['members before any welcome', stand => page({})(stand).slice(1), 4509],
    ['a verdict before any welcome', stand => verdict({})(stand).slice(1), 4509],
    [
      'a change behind one that is missing',
      stand => next({ from: stand.seq + 5, to: stand.seq + 6 })(stand),
      null
    ],
    [
      'a change that is known already, with other contents',
      stand => next({ from: stand.seq, to: stand.seq })(stand),
      null
    ],
    ['a change that goes back', stand => next({ to: stand.seq - 1 })(stand), null],
    [
      'a change of an old membership',
      stand => next({ membershipEpoch: stand.membershipEpoch - 1, from: 0, to: 99 })(stand),
      null
    ],
    [
      'a change of a membership to come',
      stand => next({ membershipEpoch: stand.membershipEpoch + 1, from: 0, to: 99 })(stand),
      null
    ],
    [
      'a change of a group that the device does not hold',
      stand => next({ groupID: 'other', group: { ...stand.crew, groupID: 'other' } })(stand),
      null
    ],
    ['a change at a position in words', next({ to: '9' }), 4509],
    ['a change at a negative position', next({ from: -1 }), 4509],
    ['a change without the profile', next({ group: null }), 4509],
    ['a profile with a text for a number', profile({ memberNum: '3' }), 4509],
    ['a profile with a negative number', profile({ memberNum: -3 }), 4509],
    ['a profile with a number for its type', profile({ type: 5 }), 4509],
    ['a profile without a name', profile({ name: undefined }), 4509],
    ['a profile with a name of a million letters', profile({ name: 'x'.repeat(1_000_000) }), 4509],
    ['a profile with fields that are null', profile({ groupCustomField: null }), 4509],
    ['a profile of another group', profile({ groupID: 'den' }), 4509],
    ['a member with a role that is no word', next({ members: [member({ role: '' })] }), 4509],
    ['a member without an ID', next({ members: [member({ userID: '' })] }), 4509],
    ['a member with an ID that is a list', next({ members: [member({ userID: ['ann'] })] }), 4509],
    ['a member of another group', next({ members: [member({ groupID: 'den' })] }), 4509],
    ['a member who is gone and has no ID', next({ gone: [null] }), 4509],

    ['members of another moment', stand => page({ asOf: stand.seq + 1 })(stand), null],
    [
      'members of an old membership',
      stand => page({ membershipEpoch: stand.membershipEpoch - 1 })(stand),
      null
    ],
    [
      'members that nobody asked for, of a group that is held whole',
      page({ groupID: 'crew', members: [member()] }),
      null
    ],
    ['members in words', page({ members: ['mallory'] }), 4509],
    ['members of two groups', page({ members: [member({ groupID: 'den' }), member()] }), 4509],
    ['members that go on behind a number', page({ next: 5 }), 4509],

    ['a verdict on an operation that is not known', verdict({ opID: 'unknown' }), null],
    [
      'a verdict with a code in words',
      verdict({ error: { code: '10007', reason: 'NotPermitted', message: '' } }),
      4509
    ],
    [
      'a verdict with a code that is a fraction',
      verdict({ error: { code: 0.5, reason: 'NotPermitted', message: '' } }),
      4509
    ],
    [
      'a verdict with a reason that is no word',
      verdict({ error: { code: 1, reason: '', message: '' } }),
      4509
    ],
    ['a verdict with a scope that is no word', verdict({ scope: 5 }), 4509],
    ['a verdict with a kind that is no word', verdict({ kind: {} }), 4509],
    [
      'a verdict with a cause that is no word',
      verdict({ cause: { reason: null, by: 'bob', atSeconds: 1 } }),
      4509
    ],
    ['a verdict without an error', verdict({ error: null }), 4509],
    ['a verdict at a negative position', verdict({ kind: 'applied', seq: -1, result: {} }), 4509],
    [
      'the wish that an unknown operation is sent again',
      () => [welcome(), delta({ retry: ['unknown'] })],
      null
    ],
    [
      'the wish that an operation is sent again, for ever',
      () => [welcome(), delta({ retry: [waiting[0]] })],
      null
    ],

    ['a feed behind events that are missing', feed({ from: 50, to: 51, events: [left] }), null],
    ['a feed that is known already', feed({ from: 0, to: 1, events: [left] }), null],
    ['a feed that goes back', feed({ to: 0 }), null],
    ['a feed that skips events', feed({ to: 99 }), null],
    [
      'a feed with more events than positions',
      stand => feed({ to: stand.feed + 1, events: [left, left] })(stand),
      null
    ],
    [
      'a feed with an event of another build and no position',
      feed({ events: [{ kind: 'gone' }] }),
      4509
    ],
    ['a feed with an event about nothing', feed({ events: [{ ...left, groupID: '' }] }), 4509],

    [
      'an answer to a question that nobody asked',
      () => [
        welcome(),
        {
          type: 'profile',
          request: 99,
          answer: { code: 10010, reason: 'GroupNotFound', message: '' }
        }
      ],
      null
    ],
    [
      'an answer that is neither a profile nor an error',
      () => [welcome(), { type: 'profile', request: 0, answer: {} }],
      4509
    ]
  ]

  beforeEach(async () => {
    await prepare(() => Promise.resolve(createMemoryStorage()))
    await storage.transact([{ table: 'groups', scope: '', ids: ['den'] }], ([[den]]) => [
      { table: 'groups', scope: '', id: 'den', row: { ...must(den), membersUpTo: '' } }
    ])
  })

  async function kept() {
    const { answers } = await storage.read([
      { table: 'groups', scope: '' },
      { table: 'members', scope: 'crew' },
      { table: 'members', scope: 'den' },
      { table: 'members', scope: 'live' },
      { table: 'members', scope: 'other' },
      { table: 'outbox', scope: '' }
    ])
    return answers
  }

  /** A network on which a server speaks by a script, until a good one takes over. */
  function scripted(answer: (hello: Message, events: LinkEvents) => void) {
    const good = server.network()
    const state = { isGood: false, attempts: 0 }
    const connect: TestNetwork['connect'] = events => {
      if (state.isGood) return good.connect(events)
      state.attempts++
      let isOpen = true
      const later = (action: () => void) => void server.clock.setTimer(() => isOpen && action(), 5)
      later(events.onOpen)
      return {
        send(frame) {
          const message = JSON.parse(frame) as Message
          if (message['type'] === 'hello') later(() => answer(message, events))
        },
        close: () => void (isOpen = false)
      }
    }
    const ann = start({ ...server, network: () => ({ ...good, connect }) }, 'ann', { storage })
    return { ann, state }
  }

  test.each(frames)('%s changes no row and loses no operation', async (_title, script, code) => {
    const before = await kept()
    const [{ row: crew } = { row: null }] = before[0]
    const { ann, state } = scripted(({ feed, groups }, { onFrame }) => {
      const [, membershipEpoch = 0, seq = 0] =
        (groups as [string, number, number][]).find(([groupID]) => groupID === 'crew') ?? []
      for (const message of script({ feed, crew: crew as Message, membershipEpoch, seq }))
        onFrame(typeof message === 'string' ? message : JSON.stringify(message))
    })
    await server.clock.advance(60_000)
    expect(await kept()).toEqual(before)
    expect((await ann.status())?.lastError?.code ?? null).toBe(code)
    expect(await refusals(ann)).toEqual([10021])
    // The device asks for lost frames again, except with a userSig that the server refuses.
    const isLoginRefused = (code ?? 0) > 70_000
    if (isLoginRefused) expect(state.attempts).toBe(1)
    else expect(state.attempts).toBeGreaterThan(1)

    state.isGood = true
    if (isLoginRefused) await ann.engine.renewToken('ann')
    await expectWell(ann)
  })

  test('another epoch replaces all base rows and keeps the outbox', async () => {
    const before = await kept()
    const { ann, state } = scripted((_hello, { onFrame }) =>
      onFrame(JSON.stringify(welcome({ epoch: 'epoch-x' })))
    )
    await server.clock.advance(5000)
    expect(await kept()).toEqual([[], [], [], [], [], before[5]])
    await server.clock.advance(55_000)
    state.isGood = true
    await expectWell(ann)
  })

  test('a connection that never opens, or ends at once, is tried again', async () => {
    const good = server.network()
    const attempts: number[] = []
    const connect: TestNetwork['connect'] = events => {
      attempts.push(server.clock.now())
      if (attempts.length > 4) return good.connect(events)
      if (attempts.length % 2 === 0) server.clock.setTimer(events.onClose, 5)
      return { send: () => undefined, close: () => undefined }
    }
    const ann = start({ ...server, network: () => ({ ...good, connect }) }, 'ann', { storage })
    await expectWell(ann)
    expect(attempts).toHaveLength(5)
  })
})

// ── large and valid ────────────────────────────────────────────────

const users = (count: number) =>
  Array.from({ length: count }, (_, index) => `user-${String(index).padStart(27, '0')}`)
const fields = (count: number, valueBytes: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `key${index}`.padEnd(16, '_'),
    value: 'x'.repeat(valueBytes)
  }))
const large: [title: string, times: number, name: OperationName, args: (index: number) => Args][] =
  [
    [
      'a group with 500 members who have all the custom fields there may be',
      1,
      'createGroup',
      () => ({
        groupID: 'big',
        name: 'Big',
        type: 'Public',
        memberList: users(500).map(userID => ({ userID, memberCustomField: fields(5, 64) }))
      })
    ],
    [
      '40 groups with 500 members each',
      40,
      'createGroup',
      index => ({
        groupID: `big${index}`,
        name: 'Big',
        type: 'Public',
        memberList: users(500).map(userID => ({ userID }))
      })
    ],
    [
      '50 changes of all the custom fields there may be',
      50,
      'updateGroupProfile',
      () => ({ groupID: 'crew', groupCustomField: fields(20, 512) })
    ]
  ]
test.each(large)('%s, taken offline, reach the server', async (_title, times, name, args) => {
  const ann = start(server, 'ann')
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
  ann.network.cut()
  for (let index = 0; index < times; index++) await ann.apply(name, args(index))
  ann.network.restore()
  await ann.caughtUp()
  expect(await refusals(ann)).toEqual([])
})
