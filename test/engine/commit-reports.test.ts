/** The order of commits alone: commits are reported in any order, during full reads or not. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCommitOrder } from '../../src/engine/state/commit-order.ts'
import type { Commit, Write } from '../../src/storage/port.ts'

type Rows = ReadonlyMap<string, unknown>

/** One write to one of three rows. `null` removes it. */
const write = fc
  .record({ id: fc.constantFrom('a', 'b', 'c'), row: fc.option(fc.nat()) })
  .map(fields => ({ table: 'notices', scope: '', ...fields }) as unknown as Write)

/** One write to a row of one of two caches. */
const cachedWrite = fc
  .record({ scope: fc.constantFrom('crew', 'boat'), row: fc.nat() })
  .map(({ scope, row }) => ({ table: 'members', scope, id: scope, row }) as unknown as Write)

/** Commits in the order of their numbers, and the order in which they are reported. */
const reportedOf = (anyWrite: fc.Arbitrary<Write>) =>
  fc
    .array(fc.array(anyWrite, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 })
    .map(all => all.map((writes, index): Commit => ({ commitNumber: index + 1, writes })))
    .chain(commits =>
      fc.record({
        commits: fc.constant(commits),
        reports: fc.shuffledSubarray(commits, { minLength: commits.length })
      })
    )

const reported = reportedOf(write)

function applied(before: Rows, writes: readonly Write[]): Rows {
  const rows = new Map(before)
  for (const each of writes)
    if ('id' in each && each.row === null) rows.delete(each.id)
    else if ('id' in each) rows.set(each.id, each.row)
  return rows
}
const empty: Rows = new Map()
const rowsAfter = (commits: readonly Commit[]) =>
  applied(
    empty,
    commits.flatMap(({ writes }) => writes)
  )
/** Storage as a full read finds it: each row as one write. */
const writesOf = (rows: Rows) =>
  [...rows].map(([id, row]) => ({ table: 'notices', scope: '', id, row }) as unknown as Write)

test('commits reported in any order end in the rows of storage', () => {
  fc.assert(
    fc.property(reported, ({ commits, reports }) => {
      const order = createCommitOrder()
      let rows = empty
      for (const commit of reports) rows = applied(rows, order.add(commit).writes)
      expect(rows).toEqual(rowsAfter(commits))
    })
  )
})

test('a full read keeps the newer commits that are reported meanwhile', () => {
  const positions = fc.tuple(fc.nat(12), fc.nat(12), fc.nat(12))
  fc.assert(
    fc.property(reported, positions, ({ commits, reports }, [first, second, readUpTo]) => {
      const order = createCommitOrder()
      const [begin = 0, end = 0] = [first, second].sort((a, b) => a - b)
      let rows = empty
      const report = (commit: Commit) => (rows = applied(rows, order.add(commit).writes))
      reports.slice(0, begin).forEach(report)
      const reading = order.beginRead()
      reports.slice(begin, end).forEach(report)
      // A read contains every commit that was reported before it began.
      const known = reports.slice(0, begin).map(({ commitNumber }) => commitNumber)
      const commitNumber = Math.min(commits.length, Math.max(readUpTo, ...known, 0))
      const stored = rowsAfter(commits.slice(0, commitNumber))
      rows = applied(empty, reading.finish({ commitNumber, writes: writesOf(stored) }))
      reports.slice(end).forEach(report)
      expect(rows).toEqual(rowsAfter(commits))
    })
  )
})

test('a commit too late to be ordered is reported as lost', () => {
  fc.assert(
    fc.property(reported, ({ commits, reports }) => {
      const order = createCommitOrder(2)
      let rows = empty
      let isLost = false
      for (const commit of reports) {
        const { writes, isOrderLost } = order.add(commit)
        rows = applied(rows, writes)
        isLost ||= isOrderLost
      }
      if (!isLost) expect(rows).toEqual(rowsAfter(commits))
    })
  )
})

test('cached rows end as in storage, or their scope counts as outdated', () => {
  fc.assert(
    fc.property(reportedOf(cachedWrite), fc.nat(12), ({ commits, reports }, readUpTo) => {
      const order = createCommitOrder()
      order.beginRead().finish({ commitNumber: readUpTo, writes: [] })
      const stored = rowsAfter(commits)
      // Caches are read after a full read.
      let rows = rowsAfter(commits.slice(0, readUpTo))
      for (const commit of reports) {
        const { writes, outdated } = order.add(commit)
        rows = applied(rows, writes)
        for (const { scope } of outdated) rows = new Map(rows).set(scope, stored.get(scope))
      }
      expect(rows).toEqual(stored)
    })
  )
})

test('a read commit changes no rows and outdates its caches', () => {
  const order = createCommitOrder()
  order.beginRead().finish({ commitNumber: 5, writes: [] })
  const cached: Write = { table: 'members', scope: 'crew', id: 'bob', row: null }
  const other: Write = { table: 'groups', scope: '', id: 'crew', row: null }
  expect(order.add({ commitNumber: 5, writes: [cached, other] })).toEqual({
    writes: [],
    isOrderLost: false,
    outdated: [cached]
  })
})
