import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Member } from '../../src/engine/api.ts'
import { editRow, type Edit, type StreamRow } from '../../src/engine/stream-api.ts'
import { editsOf } from '../../src/engine/views/edits.ts'
import { newMember } from '../../src/kernel/model.ts'

const member = (userID: string, nameCard = '') =>
  newMember({ groupID: 'crew', userID, joinTime: 1, nameCard })
const members = (count: number) =>
  Array.from({ length: count }, (_, index) => member(`user-${index}`))
/** Lists that share some members. The letter is the user, the digit a version of the row. */
const lists = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 2 })), {
    selector: ([who]) => who
  })
  .map(list => list.map(([who, card]) => member(`user-${who}`, `${card}`)))

function edited(before: readonly StreamRow[], edits: readonly Edit[]): StreamRow[] {
  const rows = [...before]
  for (const edit of edits) editRow(rows, edit)
  return rows
}
const sent = (edits: readonly Edit[]) => edits.flatMap(([, , row]) => row ?? [])

test('edits turn any list into another with only new and changed rows', () => {
  fc.assert(
    fc.property(lists, lists, (before, after) => {
      const edits = editsOf(before, after)
      expect(edited(before, edits)).toEqual(after)
      const isKnown = ({ userID, nameCard }: Member) =>
        before.some(row => row.userID === userID && row.nameCard === nameCard)
      expect(sent(edits)).toHaveLength(after.filter(row => !isKnown(row)).length)
      expect(edits.length).toBeLessThanOrEqual(2 * (before.length + after.length))
    }),
    { numRuns: 2000 }
  )
})

test('a moved row is one edit without the row', () => {
  const before = members(200)
  fc.assert(
    fc.property(fc.nat(199), fc.nat(199), (from, to) => {
      const after = [...before]
      editRow(after, [from, to])
      const edits = editsOf(before, after)
      expect(edited(before, edits)).toEqual(after)
      expect(edits.length).toBe(from === to ? 0 : 1)
      expect(sent(edits)).toEqual([])
    })
  )
})

test('a window that one row enters and another leaves is two edits', () => {
  const rows = members(100)
  expect(editsOf(rows.slice(10, 60), rows.slice(9, 59))).toEqual([
    [-1, 0, rows[9]],
    [50, -1]
  ])
  expect(editsOf(rows.slice(10, 60), rows.slice(11, 61))).toEqual([
    [0, -1],
    [-1, 49, rows[60]]
  ])
})

test('edits of a reversed list read each ID a few times', () => {
  let reads = 0
  const counting = (row: Member) =>
    Object.defineProperty({ ...row }, 'userID', { get: () => (reads++, row.userID) })
  const rows = members(10_000).map(counting)
  const edits = editsOf(rows, rows.toReversed())
  expect(reads).toBeLessThan(rows.length * 10)
  expect(edits).toHaveLength(rows.length - 1)
})
