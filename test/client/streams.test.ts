import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createStreamClient, type StreamClient } from '../../src/client/streams.ts'
import type { Group, Member } from '../../src/engine/api.ts'
import type { List, Patch, StreamQuery, StreamRequest } from '../../src/engine/stream-api.ts'
import { groupError } from '../../src/kernel/errors.ts'
import { newMember } from '../../src/kernel/model.ts'

let requests: StreamRequest[]
let client: StreamClient
let version: number

beforeEach(() => {
  vi.useFakeTimers()
  requests = []
  version = 0
  client = createStreamClient(request => requests.push(request))
})
afterEach(() => vi.useRealTimers())

const crew: StreamQuery = { kind: 'members', groupID: 'crew', limit: 10 }
const member = (userID: string, nameCard = '') =>
  newMember({ groupID: 'crew', userID, joinTime: 1, nameCard })
const receive = (...patches: [number, Patch][]) =>
  client.receiveFrame({ version: version++, patches })
const whole = (...rows: Member[]): Patch => ({
  kind: 'list',
  edits: structuredClone(rows).map((row, at) => [-1, at, row]),
  total: rows.length,
  complete: true,
  stale: false
})
const opened = () => requests.filter(({ type }) => type === 'open')
const closed = () => requests.filter(({ type }) => type === 'close')

test('equal queries share one stream, closed after the last subscriber', () => {
  const first = client.observe(crew).subscribe()
  const second = client.observe({ ...crew }).subscribe()
  expect(opened()).toHaveLength(1)
  first.unsubscribe()
  second.unsubscribe()
  expect(closed()).toEqual([])
  vi.runAllTimers()
  expect(closed()).toEqual([{ type: 'close', stream: 0 }])
})

test('a subscriber that returns within the delay gets the same rows', () => {
  client.observe(crew).subscribe().unsubscribe()
  receive([0, whole(member('ann'))])
  const seen: List<Member>[] = []
  const look = () => client.observe<List<Member>>(crew).subscribe(list => seen.push(list))
  look().unsubscribe()
  look()
  vi.runAllTimers()
  expect([opened().length, closed().length, seen.length]).toEqual([1, 0, 2])
  expect(seen[1]).toBe(seen[0])
})

test('10,000 subscriptions that end leave no stream and no timer', () => {
  for (let count = 0; count < 10_000; count++) {
    const subscription = client.observe({ ...crew, search: `${count % 5000}` }).subscribe()
    if (count % 2) receive([opened().length - 1, whole(member('ann'))])
    subscription.unsubscribe()
    if (count % 100 === 0) vi.runAllTimers()
  }
  vi.runAllTimers()
  expect(closed().length).toBe(opened().length)
  expect([...client.shown()]).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('a frame changes all streams before it emits on any', () => {
  const seen: unknown[] = []
  const shown = () =>
    [...client.shown()].map(
      ({ value }) => (value as Partial<List<Member>>).total ?? (value as Group).memberNum
    )
  client.observe<Group>({ kind: 'group', groupID: 'crew' }).subscribe(() => seen.push(shown()))
  client.observe<List<Member>>(crew).subscribe(() => seen.push(shown()))
  const group = (memberNum: number): Patch => ({
    kind: 'value',
    value: { groupID: 'crew', memberNum } as Group
  })
  receive([1, whole(member('ann'))], [0, group(1)])
  receive([0, group(2)], [1, { ...whole(member('bob')), total: 2 } as Patch])
  expect(seen).toEqual([
    [1, 1],
    [1, 1],
    [2, 2],
    [2, 2]
  ])
})

test('an error ends the stream for all until a new subscriber', () => {
  const errors: unknown[] = []
  for (let count = 0; count < 2; count++)
    client.observe(crew).subscribe({ error: error => errors.push(error) })
  receive([0, { kind: 'error', error: groupError('StorageFailed') }])
  expect(errors).toMatchObject([{ code: 4502 }, { code: 4502 }])
  client.observe(crew).subscribe({ error: () => undefined })
  vi.runAllTimers()
  expect([opened().length, closed().length]).toEqual([2, 0])
})

test('an error without subscribers does not reach a later subscriber', () => {
  client.observe(crew).subscribe().unsubscribe()
  receive([0, { kind: 'error', error: groupError('StorageFailed') }])
  client.observe(crew).subscribe()
  vi.runAllTimers()
  client.observe(crew).subscribe()
  expect([opened().length, closed().length]).toEqual([2, 0])
})

test('a restart of the engine emits changed lists only', () => {
  const seen: List<Member>[] = []
  client.observe<List<Member>>(crew).subscribe(list => seen.push(list))
  client.observe<Group>({ kind: 'group', groupID: 'crew' }).subscribe()
  receive([0, whole(member('ann'), member('bob'))])
  client.restart()
  expect(opened().map(request => ('stream' in request ? request.stream : -1))).toEqual([0, 1, 0, 1])
  expect(seen).toHaveLength(1)
  version = 0
  receive([0, whole(member('ann'), member('bob'))])
  expect(seen).toHaveLength(1)
  receive([
    0,
    { kind: 'list', edits: [[1, 1, member('bob', 'B')]], total: 2, complete: true, stale: false }
  ])
  expect(seen[1]?.rows).toMatchObject([{ userID: 'ann' }, { nameCard: 'B' }])
  client.restart()
  version = 0
  receive([0, whole(member('ann'), member('carl'))])
  expect(seen[2]?.rows.map(({ userID }) => userID)).toEqual(['ann', 'carl'])
  expect(seen[2]?.rows[0]).toBe(seen[0]?.rows[0])
})

test('a restart ends the wait for a version of the dead engine', async () => {
  const reached = client.reached(5)
  client.restart()
  expect(await reached).toBeUndefined()
})

test('a version is reached once earlier queries have a result', async () => {
  client.observe(crew).subscribe()
  let isShown = false
  void client.reached(0).then(() => (isShown = true))
  receive()
  await Promise.resolve()
  expect(isShown).toBe(false)
  receive([0, whole(member('ann'))])
  await Promise.resolve()
  expect(isShown).toBe(true)
})

test('a closed query does not delay a version', async () => {
  client.observe(crew).subscribe().unsubscribe()
  const reached = client.reached(0)
  receive()
  vi.runAllTimers()
  expect(await reached).toBeUndefined()
})

// ── the first-paint cache ───────────────────────────────────────────────────

const listOf = (...rows: Member[]): List<Member> => ({
  rows,
  total: rows.length,
  complete: true,
  stale: false
})
const look = (query: StreamQuery = crew) => {
  const seen: List<Member>[] = []
  client.observe<List<Member>>(query).subscribe(list => seen.push(list))
  return seen
}
const names = (seen: readonly List<Member>[]) =>
  seen.map(({ rows, stale }) => [rows.map(({ nameCard }) => nameCard), stale])

test('a cached list is shown as stale until the engine answers', () => {
  const before = look()
  client.showEarlier(new Map([[JSON.stringify(crew), listOf(member('ann', 'Ann'))]]))
  const after = look()
  expect([names(before), names(after)]).toEqual([[[['Ann'], true]], [[['Ann'], true]]])
  receive([0, whole(member('ann', 'Anna'))])
  expect(names(before)[1]).toEqual([['Anna'], false])
})

test('an engine list equal to the cached one is not emitted again', () => {
  const seen = look()
  client.showEarlier(new Map([[JSON.stringify(crew), listOf(member('ann'), member('bob'))]]))
  receive([0, { ...whole(member('ann'), member('bob')), stale: true } as Patch])
  expect(seen).toHaveLength(1)
  receive([0, { kind: 'list', edits: [], total: 2, complete: true, stale: false }])
  expect(seen).toHaveLength(2)
  expect(seen[1]?.rows[0]).toBe(seen[0]?.rows[0])
})

test('a worker that dies before its first frame leaves cached rows the same objects', () => {
  const seen = look()
  client.showEarlier(new Map([[JSON.stringify(crew), listOf(member('ann'), member('bob'))]]))
  client.restart()
  receive([0, whole(member('ann'), member('bob', 'Bob'))])
  expect(seen).toHaveLength(2)
  expect(seen[1]?.rows[0]).toBe(seen[0]?.rows[0])
})

test('a cached list that comes after the engine is ignored', () => {
  const seen = look()
  receive([0, whole()])
  client.showEarlier(new Map([[JSON.stringify(crew), listOf(member('ann'))]]))
  expect([names(seen), names(look({ ...crew, limit: 5 }))]).toEqual([[[[], false]], []])
})

test('a cached list is dropped once the engine answered another query', () => {
  look()
  const other = { ...crew, limit: 5 }
  client.showEarlier(
    new Map([crew, other].map(query => [JSON.stringify(query), listOf(member('ann'))]))
  )
  receive([0, whole(member('ann'))])
  expect(look(other)).toEqual([])
})

test('a cached list is not current until the engine answers', () => {
  look()
  client.showEarlier(new Map([[JSON.stringify(crew), listOf(member('ann'))]]))
  const current = () => [...client.shown()].map(({ isCurrent }) => isCurrent)
  expect(current()).toEqual([false])
  receive([0, whole(member('ann'))])
  expect(current()).toEqual([true])
})
