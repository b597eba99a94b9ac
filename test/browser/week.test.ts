/** A week offline with 1,000 operations, while another user changes the same groups. */

import { expect, onTestFinished, test } from 'vitest'
import type { Args, Group, GroupStore, List, Member, OperationName, Verdict } from 'offline-groups'
import { fresh, openClockedServer, openLine, openStore, taken, until } from './connect.ts'

const weekMs = 7 * 86_400_000
const groupCount = 50
const operationsPerGroup = 20

type Call = { [N in OperationName]: [name: N, args: Args<N>] }[OperationName]

/** The package's worker on a device whose clock is a week behind until `passWeek`. */
function startWorker(): { worker: Worker; passWeek(): void } {
  const script = new URL('../../dist/src/worker.js', import.meta.url).href
  const source = `
    import ${JSON.stringify(script)}
    const real = Date.now
    let offset = -${weekMs}
    Date.now = () => real() + offset
    addEventListener('message', ({ data }) => { if (data === 'a week passes') offset = 0 })
  `
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), {
    type: 'module'
  })
  onTestFinished(() => worker.terminate())
  return { worker, passWeek: () => worker.postMessage('a week passes') }
}

const groupIDs = Array.from({ length: groupCount }, (_, index) => fresh(`crew${index}`))
/** The change that a group undergoes while ann is away. */
const fate = (index: number) =>
  (['demoted', 'kicked', 'dismissed', 'renamed', 'joined'] as const)[index % 10] ?? 'quiet'

/** Ann's operations in one group. No value occurs twice, so that a flicker can be recognized. */
function wishes(groupID: string, ann: string, carl: string): Call[] {
  return Array.from({ length: operationsPerGroup }, (_, index): Call => {
    switch (index % 5) {
      case 0:
        return ['updateGroupProfile', { groupID, name: `by ann ${index}` }]
      case 1:
        return ['setGroupMemberNameCard', { groupID, userID: ann, nameCard: `ann ${index}` }]
      case 2:
        return ['updateGroupProfile', { groupID, introduction: `by ann ${index}` }]
      case 3:
        return ['setGroupMemberMuteTime', { groupID, userID: carl, muteTime: 30 * 86_400 + index }]
      default:
        return ['updateGroupProfile', { groupID, notification: `by ann ${index}` }]
    }
  })
}

/** Records all that a store shows from now on. */
function record(store: GroupStore, groups: readonly string[]) {
  const shown = new Map<string, string[]>()
  const note = (view: string, value: unknown) =>
    shown.set(view, [...(shown.get(view) ?? []), JSON.stringify(value)])
  const listed: (readonly Group[])[] = []
  store.groups$.subscribe(({ rows }) => listed.push(rows))
  for (const groupID of groups) {
    store.group$(groupID).subscribe(group => {
      note(`${groupID}: whole`, group)
      for (const field of ['name', 'introduction', 'notification'] as const)
        note(`${groupID}: ${field}`, group?.[field])
    })
    store.members$(groupID, { offset: 0, limit: 100 }).subscribe(({ rows }: List<Member>) => {
      for (const { userID, nameCard, role, muteUntil } of rows)
        note(`${groupID}: ${userID}`, [nameCard, role, muteUntil])
      note(`${groupID}: who`, rows.map(({ userID }) => userID).sort())
    })
  }
  return { shown, listed }
}

const changes = (values: readonly string[]) =>
  values.filter((value, index) => value !== values[index - 1])

test('1,000 operations of a week offline settle without a flicker', async () => {
  const server = await openClockedServer(-weekMs)
  const line = await openLine(server.port)
  const [ann, bob, carl] = [fresh('ann'), fresh('bob'), fresh('carl')]
  const { worker, passWeek } = startWorker()
  const hers = await openStore(ann, { url: line.url, token: await server.tokenFor(ann), worker })
  const his = await openStore(bob, { url: server.url, token: await server.tokenFor(bob) })
  const does = async (...calls: Call[]) => {
    const answers = await Promise.all(
      calls.map(async ([name, args]) => taken(await his.apply(name, args)))
    )
    const verdicts = await Promise.all(answers.map(({ opID }) => his.settled(opID)))
    expect(verdicts.map(verdict => 'kind' in verdict && verdict.kind)).toEqual(
      calls.map(() => 'applied')
    )
  }
  const memberList = [{ userID: ann, role: 'Admin' as const }, { userID: carl }]
  await does(
    ...groupIDs.map((groupID): Call => [
      'createGroup',
      { groupID, name: 'Crew', type: 'Public', memberList }
    ])
  )
  await until(hers.groups$, ({ rows }) => rows.length === groupCount)
  for (const groupID of groupIDs)
    await until(
      hers.members$(groupID, { limit: 9 }),
      ({ complete, total }) => complete && total === 3
    )
  await until(hers.status$, ({ caughtUp }) => caughtUp)

  // Offline.
  await line.cut()
  await until(hers.status$, ({ connection }) => connection === 'offline')
  const { shown, listed } = record(hers, groupIDs)
  for (const groupID of groupIDs)
    await until(hers.members$(groupID, { offset: 0, limit: 100 }), ({ rows }) => rows.length === 3)
  const queued = groupIDs.flatMap(groupID => wishes(groupID, ann, carl))
  const answers = await Promise.all(
    queued.map(async ([name, args]) => taken(await hers.apply(name, args)))
  )
  const status = await until(hers.status$, ({ pending }) => pending === queued.length)
  expect([queued.length, Date.now() - (status.oldestPendingAtMs ?? 0) > weekMs]).toEqual([
    1000,
    true
  ])

  // Meanwhile.
  const others = groupIDs.map((groupID, index): Call | undefined => {
    switch (fate(index)) {
      case 'demoted':
        return ['setGroupMemberRole', { groupID, userID: ann, role: 'Member' }]
      case 'kicked':
        return ['deleteGroupMember', { groupID, userIDList: [ann] }]
      case 'dismissed':
        return ['dismissGroup', { groupID }]
      case 'renamed':
        return ['updateGroupProfile', { groupID, name: 'by bob', introduction: 'by bob' }]
      case 'joined':
        return ['setGroupMemberNameCard', { groupID, userID: carl, nameCard: 'by bob' }]
      case 'quiet':
        return undefined
    }
  })
  await does(...others.filter(call => call !== undefined))

  // A week later.
  await server.pass(weekMs)
  passWeek()
  await line.restore()
  await until(hers.status$, ({ pending, caughtUp }) => pending === 0 && caughtUp)

  // Every operation has exactly one verdict, and the right one.
  const verdicts = await Promise.all(answers.map(({ opID }) => hers.settled(opID)))
  const outcomes = verdicts.map(verdict => {
    if (!('kind' in verdict)) return verdict.code
    return verdict.kind === 'rejected'
      ? `${verdict.error.code} ${verdict.cause?.reason}`
      : verdict.kind
  })
  const expected = queued.map(([name], index) => {
    const of = fate(Math.floor(index / operationsPerGroup))
    if (of === 'demoted') return name === 'setGroupMemberNameCard' ? 'applied' : '10007 demoted'
    if (of === 'kicked') return '10007 kicked'
    return of === 'dismissed' ? '10010 dismissed' : 'applied'
  })
  expect(outcomes).toEqual(expected)
  const entries = await until(hers.verdicts$, () => true)
  expect(new Set(entries.map(({ opID }) => opID)).size).toBe(entries.length)
  expect(entries.length).toBe(expected.filter(outcome => outcome !== 'applied').length)

  // Each took effect once, because every change of a profile raises `infoSequence`.
  const applied = (groupID: string) =>
    verdicts.filter(
      (verdict): verdict is Verdict =>
        'kind' in verdict && verdict.kind === 'applied' && verdict.groupID === groupID
    )
  const phone = await openStore(ann, { url: server.url, token: await server.tokenFor(ann) })
  const { rows: truth } = await until(phone.groups$, ({ rows }) => rows.length === groupCount - 10)
  const mine = await until(hers.groups$, () => true)
  expect(mine.rows).toEqual(truth)
  for (const [index, groupID] of groupIDs.entries()) {
    const group = truth.find(row => row.groupID === groupID)
    if (!group) continue
    const isRenamed = fate(index) === 'renamed'
    const profiles = applied(groupID).filter((_, at) => at % 5 !== 1 && at % 5 !== 3).length
    expect([groupID, group.infoSequence]).toEqual([
      groupID,
      fate(index) === 'demoted' ? 1 : 1 + profiles + (isRenamed ? 1 : 0)
    ])
    const window = { offset: 0, limit: 100 }
    const [theirs, held] = [phone, hers].map(store =>
      until(store.members$(groupID, window), ({ complete }) => complete)
    )
    expect((await held)?.rows).toEqual((await theirs)?.rows)
  }

  // Nothing flickered: no value came back. A demotion alone restores values, by refusing them all.
  const before = (view: string) =>
    fate(groupIDs.findIndex(groupID => view.startsWith(`${groupID}:`))) === 'demoted' ? 1 : 0
  const flickers = [...shown].filter(([view, values]) => {
    const sequence = changes(values).slice(before(view))
    return new Set(sequence).size < sequence.length
  })
  expect(flickers).toEqual([])
  const repeated = [...shown].filter(
    ([view, values]) => view.endsWith('whole') && changes(values).length < values.length
  )
  expect(repeated).toEqual([])
  for (const groupID of groupIDs) {
    const present = listed.map(rows => String(rows.some(row => row.groupID === groupID)))
    expect([groupID, changes(present).length <= 2]).toEqual([groupID, true])
  }
})
