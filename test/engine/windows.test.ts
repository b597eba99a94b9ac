/** Windows on members and groups: order, search, and places. */

import { beforeEach, describe, expect, test } from 'vitest'
import type { Patch, StreamRow } from '../../src/engine/stream-api.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

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

  test('a role selects its members, also after a change of roles', async () => {
    const lists = (['Owner', 'Admin', 'Member'] as const).map(role =>
      ann.watch({ ...window, role, limit: 2 })
    )
    await server.clock.settle()
    const totals = () => lists.map(list => list.last()?.total)
    expect(lists.map(shown)).toEqual([['ann'], ['kim'], ['zoe', 'max']])
    expect(totals()).toEqual([1, 1, 4])
    ann.network.cut()
    await ann.apply('setGroupMemberRole', { groupID: 'crew', userID: 'zoe', role: 'Admin' })
    await server.clock.settle()
    expect(lists.map(shown)).toEqual([['ann'], ['zoe', 'kim'], ['max', 'bob']])
    expect(totals()).toEqual([1, 2, 3])
  })

  test('are ordered by join time, role or name card', async () => {
    const lists = [{}, { orderBy: 'role' }, { orderBy: 'nameCard' }].map(part =>
      ann.watch({ ...window, ...(part as object) })
    )
    await server.clock.settle()
    expect(lists.map(shown)).toEqual([
      ['ann', 'zoe', 'max', 'bob', 'kim', 'eve'],
      ['ann', 'kim', 'zoe', 'max', 'bob', 'eve'],
      // 陈 chén, 李 lǐ, 王 wáng, 张 zhāng. Albert and ann follow.
      ['eve', 'max', 'bob', 'zoe', 'kim', 'ann']
    ])
  })

  test('a change of the ordered field moves one row', async () => {
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

test('a window after a group left earlier keeps its place', async () => {
  for (const name of ['Alpha', 'Bravo', 'Charlie', 'Delta'])
    await ann.settle('createGroup', { name, groupID: name, type: 'Public' })
  await ann.settle('dismissGroup', { groupID: 'Bravo' })
  const list = ann.watch({ kind: 'groups', orderBy: 'name', after: 'Bravo', limit: 1 })
  await server.clock.settle()
  expect(shown(list)).toEqual(['Charlie'])
})
