import { beforeEach, describe, expect, test } from 'vitest'
import type { List, Member, Patch, StreamRow } from '../../src/engine/api.ts'
import { alone, type Peers } from '../../src/engine/host.ts'
import { must } from '../../src/kernel/must.ts'
import {
  createPeers,
  createTestClient,
  createTestServer,
  type TestClient,
  type TestServer
} from '../harness.ts'

let server: TestServer
let ann: TestClient

beforeEach(async () => {
  server = createTestServer()
  ann = createTestClient(server, 'ann')
})

const shown = (list: { rows(): readonly unknown[] }) =>
  (list.rows() as StreamRow[]).map(row =>
    'userID' in row ? row.userID : 'name' in row ? row.name : ''
  )

describe('members', () => {
  const window = { kind: 'members', groupID: 'crew' } as const

  beforeEach(async () => {
    await ann.settle('createGroup', {
      name: 'Crew',
      type: 'Public',
      groupID: 'crew',
      memberList: [{ userID: 'zoe' }]
    })
    for (const userID of ['max', 'bob', 'kim', 'eve']) {
      await server.clock.advance(1000)
      await server.judge('app', {
        name: 'addGroupMember',
        args: { groupID: 'crew', userIDList: [userID] },
        groupID: 'crew'
      })
    }
    await ann.caughtUp()
    for (const [userID, nameCard] of [
      ['zoe', '张伟'],
      ['max', '李娜'],
      ['bob', '王芳'],
      ['kim', 'Albert'],
      ['eve', '陈静']
    ] as const)
      await ann.settle('setGroupMemberNameCard', { groupID: 'crew', userID, nameCard })
    await ann.settle('setGroupMemberRole', { groupID: 'crew', userID: 'kim', role: 'Admin' })
  })

  test('are ordered by join time, role or name card', async () => {
    const lists = [{}, { orderBy: 'role' }, { orderBy: 'nameCard' }].map(part =>
      ann.watch({ ...window, ...(part as object) })
    )
    await server.clock.settle()
    expect(lists.map(shown)).toEqual([
      ['ann', 'zoe', 'max', 'bob', 'kim', 'eve'],
      ['ann', 'kim', 'zoe', 'max', 'bob', 'eve'],
      // 陈 chén, 李 lǐ, 王 wáng, 张 zhāng; then Albert, ann.
      ['eve', 'max', 'bob', 'zoe', 'kim', 'ann']
    ])
  })

  test('a change of what they are ordered by moves one row', async () => {
    const list = ann.watch({ ...window, orderBy: 'role' })
    await server.clock.settle()
    list.patches.length = 0
    await ann.apply('setGroupMemberRole', { groupID: 'crew', userID: 'eve', role: 'Admin' })
    expect(shown(list)).toEqual(['ann', 'kim', 'eve', 'zoe', 'max', 'bob'])
    expect(list.patches).toMatchObject([{ edits: [[5, 2, { userID: 'eve', role: 'Admin' }]] }])
  })

  test('a search matches name card and user ID, and stays current', async () => {
    const list = ann.watch({ ...window, search: 'B', orderBy: 'nameCard' })
    await server.clock.settle()
    expect([shown(list), list.last()?.total]).toEqual([['bob', 'kim'], 2])
    await ann.apply('setGroupMemberNameCard', { groupID: 'crew', userID: 'kim', nameCard: 'Carlo' })
    await ann.apply('setGroupMemberNameCard', {
      groupID: 'crew',
      userID: 'max',
      nameCard: 'Bianca'
    })
    expect([shown(list), list.last()?.total]).toEqual([['bob', 'max'], 2])
  })

  test('a window after a row stays with that row after it left', async () => {
    const list = ann.watch({ ...window, after: 'max', limit: 2 })
    await server.clock.settle()
    expect(shown(list)).toEqual(['bob', 'kim'])
    await ann.apply('deleteGroupMember', { groupID: 'crew', userIDList: ['zoe'] })
    expect(shown(list)).toEqual(['bob', 'kim'])
    await ann.apply('deleteGroupMember', { groupID: 'crew', userIDList: ['max', 'bob'] })
    expect(shown(list)).toEqual(['kim', 'eve'])
  })

  test('a window after a member who left earlier keeps its place', async () => {
    await server.judge('app', {
      name: 'deleteGroupMember',
      args: { groupID: 'crew', userIDList: ['max'] },
      groupID: 'crew'
    })
    await server.clock.advance(1000)
    const list = ann.watch({ ...window, after: 'max', limit: 2 })
    await server.clock.settle()
    expect(shown(list)).toEqual(['bob', 'kim'])
  })

  test('a window after an ID that was never held shows no rows', async () => {
    const list = ann.watch({ ...window, after: 'nobody', limit: 2 })
    await server.clock.settle()
    expect([shown(list), list.last()?.total]).toEqual([[], 6])
  })

  test.each([
    ['a composed accent', 'Caf\u00e9'],
    ['a combining accent', 'Cafe\u0301'],
    ['full width letters', 'ＣＡＦＥ\u0301'],
    ['capitals', 'CAFÉ']
  ])('a search finds a name with %s in every form', async (_title, nameCard) => {
    await ann.settle('setGroupMemberNameCard', { groupID: 'crew', userID: 'kim', nameCard })
    const lists = ['caf\u00e9', 'CAFE\u0301', 'ｃａｆé'].map(search =>
      ann.watch({ ...window, search })
    )
    await server.clock.settle()
    expect(lists.map(shown)).toEqual([['kim'], ['kim'], ['kim']])
  })

  test.each([
    ['감독', '감독'.normalize('NFD')],
    ['STRASSE', 'Straße'],
    ['istanbul', 'İstanbul'],
    ['ﾖﾂﾄﾞ', 'ヨツド'],
    ['σοφοσ', 'ΣΟΦΟΣ']
  ])('a search for %s finds %s, and the other way round', async (one, other) => {
    await ann.settle('setGroupMemberNameCard', { groupID: 'crew', userID: 'kim', nameCard: one })
    await ann.settle('setGroupMemberNameCard', { groupID: 'crew', userID: 'eve', nameCard: other })
    const lists = [one, other].map(search => ann.watch({ ...window, search }))
    await server.clock.settle()
    expect(lists.map(shown)).toEqual([
      ['kim', 'eve'],
      ['kim', 'eve']
    ])
  })

  test('every list says whether it is complete and stale', async () => {
    const list = ann.watch({ ...window, limit: 1 })
    const groups = ann.watch({ kind: 'groups' })
    await server.clock.settle()
    expect([list.last(), groups.last()]).toMatchObject([
      { complete: true, stale: false, total: 6 },
      { complete: true, stale: false }
    ])
    ann.network.cut()
    await server.clock.settle()
    expect([list.last(), groups.last()]).toMatchObject([
      { complete: true, stale: true, total: 6 },
      { complete: true, stale: true }
    ])
  })

  test('an invalid query is answered with an error', async () => {
    const answers: unknown[] = []
    const streams = ann.engine.openStreams(({ patches }) => answers.push(...patches))
    streams.request({
      type: 'open',
      stream: 3,
      query: { kind: 'members', groupID: 'crew', offset: -1 }
    })
    streams.request({
      type: 'open',
      stream: 4,
      query: { kind: 'groups', orderBy: 'mood' } as never
    })
    await server.clock.settle()
    expect(answers).toMatchObject([
      [3, { kind: 'error', error: { code: 10004 } }],
      [4, { kind: 'error', error: { code: 10004 } }]
    ])
  })

  test('unreadable rows are an error of their own stream only', async () => {
    const { read } = ann.storage
    const answers: (readonly [number, Patch])[] = []
    const streams = ann.engine.openStreams(({ patches }) => answers.push(...patches))
    Object.assign(ann.storage, { read: () => Promise.reject(new Error('gone')) })
    streams.request({ type: 'open', stream: 0, query: { kind: 'members', groupID: 'crew' } })
    streams.request({ type: 'open', stream: 1, query: { kind: 'group', groupID: 'crew' } })
    await server.clock.settle()
    expect([
      answers.find(([stream]) => stream === 0),
      answers.find(([stream]) => stream === 1)
    ]).toMatchObject([
      [0, { kind: 'error', error: { code: 4502 } }],
      [1, { kind: 'value', value: { name: 'Crew' } }]
    ])
    Object.assign(ann.storage, { read })
    streams.request({ type: 'open', stream: 2, query: { kind: 'members', groupID: 'crew' } })
    await server.clock.settle()
    expect(answers.at(-1)).toMatchObject([2, { kind: 'list', total: 6 }])
  })
})

test('groups are ordered as asked, and searched by name and ID', async () => {
  for (const [groupID, name] of [
    ['g-1', '足球'],
    ['g-2', 'Chess'],
    ['g-3', '爱好']
  ] as const) {
    await server.clock.advance(1000)
    await ann.settle('createGroup', { groupID, name, type: 'Public' })
  }
  const lists = [
    {},
    { orderBy: 'name' },
    { search: 'CHE' },
    { search: 'G-', limit: 1, offset: 1 }
  ].map(part => ann.watch({ kind: 'groups', ...(part as object) }))
  await server.clock.settle()
  expect(lists.map(shown)).toEqual([
    ['爱好', 'Chess', '足球'],
    ['爱好', '足球', 'Chess'],
    ['Chess'],
    ['Chess']
  ])
  expect(lists.map(list => list.last()?.total)).toEqual([3, 3, 1, 3])
  await ann.apply('updateGroupProfile', { groupID: 'g-1', name: 'Cheese' })
  expect([shown(lists[1]!), shown(lists[2]!)]).toEqual([
    ['爱好', 'Cheese', 'Chess'],
    ['Cheese', 'Chess']
  ])
})

test('a changed member of 10,000 is one row and no read', async () => {
  const app = createTestClient(server, 'app')
  await ann.settle('createGroup', { name: 'Big', type: 'ChatRoom', groupID: 'big' })
  const users = (from: number) =>
    Array.from({ length: 500 }, (_, i) => `user${String(from + i).padStart(5, '0')}`)
  for (let from = 0; from < 10_000; from += 500)
    await app.settle('addGroupMember', { groupID: 'big', userIDList: users(from) })
  const list = ann.watch({
    kind: 'members',
    groupID: 'big',
    offset: 100,
    limit: 50,
    orderBy: 'role'
  })
  await server.clock.until(() => list.last()?.complete === true)
  list.patches.length = 0
  const reads: unknown[] = []
  const { read } = ann.storage
  Object.assign(ann.storage, {
    read: (queries: readonly unknown[]) => (reads.push(...queries), read(queries as never))
  })
  await server.judge('app', {
    name: 'setGroupMemberNameCard',
    args: { groupID: 'big', userID: 'user00120', nameCard: 'Zed' },
    groupID: 'big'
  })
  await server.clock.until(() => list.patches.length > 0)
  expect(list.patches).toMatchObject([
    { edits: [[21, 21, { userID: 'user00120', nameCard: 'Zed' }]] }
  ])
  expect(reads).toEqual([])
})

test('rows of closed streams are released, even before they are loaded', async () => {
  await ann.settle('createGroup', {
    name: 'Crew',
    type: 'Public',
    groupID: 'crew',
    memberList: [{ userID: 'bob' }]
  })
  const reads: unknown[] = []
  const { read } = ann.storage
  Object.assign(ann.storage, {
    read: (queries: readonly unknown[]) => (reads.push(...queries), read(queries as never))
  })
  const last: Partial<Record<number, List<Member>>> = {}
  const streams = ann.engine.openStreams(({ version, patches }) => {
    for (const [stream, patch] of patches)
      if (patch.kind === 'list')
        last[stream] = { ...patch, rows: patch.edits.map(([, , row]) => row as Member) }
    void Promise.resolve().then(() => streams.request({ type: 'received', version }))
  })
  const query = { kind: 'members', groupID: 'crew', limit: 10 } as const
  for (const settles of [true, false]) {
    for (let stream = 0; stream < 100; stream++) {
      streams.request({ type: 'open', stream, query: { ...query, search: `u${stream}` } })
      if (settles) await server.clock.settle()
      streams.request({ type: 'close', stream })
    }
    await server.clock.settle()
    reads.length = 0
    streams.request({ type: 'open', stream: 1000, query })
    await server.clock.settle()
    // Rows that were kept would not be read again.
    expect(reads).toEqual([{ table: 'members', scope: 'crew' }])
    expect(last[1000]?.rows).toHaveLength(2)
    streams.request({ type: 'close', stream: 1000 })
  }
})

test('members shown before a leader exists are fetched by each leader', async () => {
  const userIDs = Array.from(
    { length: 2500 },
    (_, index) => `user${String(index).padStart(4, '0')}`
  )
  const large = { type: 'ChatRoom', joinOption: 'FreeAccess', name: 'Large' }
  for (const groupID of ['large', 'larger']) {
    await server.judge('ann', { name: 'createGroup', args: { ...large, groupID }, groupID })
    for (let start = 0; start < 2500; start += 500) {
      const args = { groupID, userIDList: userIDs.slice(start, start + 500) }
      await server.judge('app', { name: 'addGroupMember', args, groupID })
    }
  }
  const [first, second] = createPeers()
  const leader = createTestClient(server, 'ann', { peers: first.peers })
  const follower = createTestClient(server, 'ann', { peers: second.peers, storage: leader.storage })
  const window = { kind: 'members', groupID: 'large', limit: 10 } as const
  const early = leader.watch(window)
  await server.clock.settle()
  first.lead()
  await leader.caughtUp()
  await server.clock.advance(1000)
  expect(early.last()).toMatchObject({ total: 2501, complete: true })

  // Nobody talks to the network when this one looks.
  await leader.engine.close()
  const late = follower.watch({ ...window, groupID: 'larger' })
  await server.clock.settle()
  expect(late.last()).toMatchObject({ complete: false })
  second.lead()
  await server.clock.advance(5000)
  expect(late.last()).toMatchObject({ total: 2501, complete: true })
})

test('a group opened while another stream closes is shown whole', async () => {
  await ann.settle('createGroup', {
    name: 'Crew',
    type: 'Public',
    groupID: 'crew',
    memberList: [{ userID: 'bob' }]
  })
  await ann.caughtUp()
  for (let turns = 0; turns < 12; turns++) {
    const shownLast = new Map<number, number>()
    const streams = ann.engine.openStreams(frame => {
      for (const [stream, patch] of frame.patches)
        if (patch.kind === 'list') shownLast.set(stream, patch.total)
    })
    streams.request({
      type: 'open',
      stream: 0,
      query: { kind: 'members', groupID: 'crew', limit: 10 }
    })
    await server.clock.settle()
    streams.request({
      type: 'open',
      stream: 1,
      query: { kind: 'members', groupID: 'crew', limit: 20 }
    })
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    streams.request({ type: 'close', stream: 0 })
    await server.clock.settle()
    expect([turns, shownLast.get(1)]).toEqual([turns, 2])
    streams.close()
  }
})

test('a window after a member who left survives a reload', async () => {
  const users = ['bob', 'carl', 'dora', 'eve']
  const memberList = users.map(userID => ({ userID }))
  await ann.settle('createGroup', { name: 'Crew', type: 'Public', groupID: 'crew', memberList })
  await ann.caughtUp()
  const list = ann.watch({ kind: 'members', groupID: 'crew', after: 'carl', limit: 2 })
  await server.clock.settle()
  await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['carl'] })
  await ann.caughtUp()
  expect(shown(list)).toEqual(['dora', 'eve'])
  const { storage } = ann
  // Something is not as it should be: the server tells the group anew.
  await storage.transact([{ table: 'members', scope: 'crew', ids: ['dora'] }], ([[dora]]) =>
    dora
      ? [{ table: 'members', scope: 'crew', id: 'dora', row: { ...dora, nameCard: 'drifted' } }]
      : []
  )
  await server.clock.advance(70_000)
  const again = ann.network.transcript.findLast(
    ({ message }) => message['type'] === 'delta' && 'groups' in message
  )
  expect(again?.message['groups']).toMatchObject([{ groupID: 'crew', from: 0 }])
  expect(shown(list)).toEqual(['dora', 'eve'])
})

test('a follower that comes to lead answers its own questions', async () => {
  const [, second] = createPeers()
  // The leader has died: the question gets no answer.
  const follower = createTestClient(server, 'ann', { peers: second.peers, storage: ann.storage })
  await server.clock.settle()
  let answer: unknown
  void follower.engine.readProfile('crew', false).then(told => (answer = told))
  await server.clock.settle()
  second.lead()
  await server.clock.advance(1000)
  expect(answer).toMatchObject({ code: 2805 })
})

describe('a tab that comes to lead at its start', () => {
  const named = (name: string) => [{ groupID: 'crew', name }]
  /** A commit that the last leader cannot post, after the next leader has read. */
  async function start({ leadsAt }: { leadsAt: 'once' | 'while it reads' }) {
    const [tab] = createPeers()
    const { storage } = ann
    await ann.settle('createGroup', { name: 'Crew', type: 'Public', groupID: 'crew' })
    await ann.caughtUp()
    await ann.engine.close()
    let reads = 0
    const slow: typeof storage = {
      ...storage,
      async read(queries) {
        const snapshot = await storage.read(queries)
        if (++reads > 1) return snapshot
        const [held] = (await storage.read([{ table: 'groups', scope: '', ids: ['crew'] }]))
          .answers[0]
        const row = must(must(held).row)
        await storage.transact([], () => [
          {
            table: 'groups',
            scope: '',
            id: 'crew',
            row: { ...must(held), row: { ...row, name: 'last word' } }
          }
        ])
        if (leadsAt === 'while it reads') tab.lead()
        return snapshot
      }
    }
    const peers =
      leadsAt === 'once'
        ? { ...tab.peers, lead: (onLeading: () => void) => onLeading() }
        : tab.peers
    const started = createTestClient(server, 'ann', { storage: slow, peers, paused: true })
    await server.clock.settle()
    return { reads: () => reads, groups: await started.groups() }
  }

  test('reads once, when it leads before it reads', async () => {
    expect((await start({ leadsAt: 'once' })).reads()).toBe(1)
  })

  test('reads again, when the last leader went while it read', async () => {
    expect((await start({ leadsAt: 'while it reads' })).groups).toMatchObject(named('last word'))
  })

  test('does not connect before its read, even if paused and resumed', async () => {
    const [tab] = createPeers()
    let goOn: () => void = () => undefined
    const gate = new Promise<void>(resolve => (goOn = resolve))
    let reads = 0
    const storage: typeof ann.storage = {
      ...ann.storage,
      async read(queries) {
        if (++reads > 1) await gate
        return ann.storage.read(queries)
      }
    }
    const started = createTestClient(server, 'bob', { storage, peers: tab.peers })
    await server.clock.settle()
    // Since its read, another tab has written.
    await ann.storage.transact([], () => [])
    tab.lead()
    await started.engine.pause()
    await started.engine.resume()
    await server.clock.advance(1000)
    const before = started.network.transcript.length
    goOn()
    await started.caughtUp()
    expect([before, started.network.transcript.length > 0]).toEqual([0, true])
  })

  test('lets others lead, when it cannot read', async () => {
    let hasSteppedDown = false
    const storage = { ...ann.storage, read: () => Promise.reject(new Error('damaged')) }
    const peers: Peers = { ...alone, stepDown: () => void (hasSteppedDown = true) }
    const broken = createTestClient(server, 'ann', { storage, peers })
    await server.clock.settle()
    expect([hasSteppedDown, (await broken.status())?.lastError?.reason]).toEqual([
      true,
      'StorageFailed'
    ])
  })
})

describe('a token that is renewed', () => {
  test('of a follower counts when that tab comes to lead', async () => {
    const [first, second] = createPeers()
    const leader = createTestClient(server, 'bob', { peers: first.peers })
    await server.clock.settle()
    first.lead()
    const follower = createTestClient(server, 'bob', {
      peers: second.peers,
      storage: leader.storage,
      token: 'nobody'
    })
    await leader.caughtUp()
    await follower.engine.renewToken('bob')
    await server.clock.settle()
    await leader.engine.close()
    second.lead()
    await server.clock.advance(5000)
    expect(await follower.status()).toMatchObject({ connection: 'online', lastError: null })
  })

  test('while a connection with the old one is under way, is used', async () => {
    const bob = createTestClient(server, 'bob', { token: 'nobody' })
    await server.clock.advance(8)
    await bob.engine.renewToken('bob')
    await server.clock.advance(5000)
    expect(await bob.status()).toMatchObject({ connection: 'online', lastError: null })
  })
})

test('members shown from the start are fetched with the first connection', async () => {
  const app = createTestClient(server, 'app')
  await ann.settle('createGroup', {
    name: 'Big',
    type: 'ChatRoom',
    groupID: 'big',
    memberList: [{ userID: 'bob' }]
  })
  const users = (from: number) =>
    Array.from({ length: 500 }, (_, i) => `user${String(from + i).padStart(5, '0')}`)
  for (let from = 0; from < 2500; from += 500)
    await app.settle('addGroupMember', { groupID: 'big', userIDList: users(from) })
  const bob = createTestClient(server, 'bob')
  const list = bob.watch({ kind: 'members', groupID: 'big', limit: 10 })
  await server.clock.until(() => list.last()?.complete === true && list.last()?.total === 2502)
  expect(list.rows()).toHaveLength(10)
})

test('members shown from the start are read once, with the groups', async () => {
  await ann.settle('createGroup', {
    name: 'Crew',
    type: 'Public',
    groupID: 'crew',
    memberList: [{ userID: 'bob' }]
  })
  await ann.caughtUp()
  await ann.apply('setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Admin' })
  await ann.engine.close()
  const asked: string[][] = []
  let answer: () => void = () => undefined
  const answering = new Promise<void>(resolve => (answer = resolve))
  const storage: typeof ann.storage = {
    ...ann.storage,
    async read(queries) {
      asked.push(queries.map(({ table }) => table))
      await answering
      return ann.storage.read(queries)
    }
  }
  const again = createTestClient(server, 'ann', { storage, paused: true })
  const members = again.watch({ kind: 'members', groupID: 'crew', limit: 10 })
  await server.clock.settle()
  expect(asked.map(tables => tables.at(-1)).sort()).toEqual(['members', 'undelivered'])
  answer()
  await server.clock.settle()
  expect(asked).toHaveLength(2)
  expect(members.emissions).toMatchObject([
    [
      { userID: 'ann', role: 'Owner' },
      { userID: 'bob', role: 'Admin' }
    ]
  ])
})

test('a window after a group left earlier keeps its place', async () => {
  for (const name of ['Alpha', 'Bravo', 'Charlie', 'Delta'])
    await ann.settle('createGroup', { name, groupID: name, type: 'Public' })
  await ann.settle('dismissGroup', { groupID: 'Bravo' })
  const list = ann.watch({ kind: 'groups', orderBy: 'name', after: 'Bravo', limit: 1 })
  await server.clock.settle()
  expect(shown(list)).toEqual(['Charlie'])
})
