/**
 * The edits that turn one list into another. A row that moves costs two numbers at any distance.
 */

import { sameRow, type MemberRow } from '../../kernel/model.ts'
import { editRow, rowID, type Edit, type StreamRow } from '../stream-api.ts'

export function editsOf(before: readonly StreamRow[], after: readonly StreamRow[]): Edit[] {
  const edits: Edit[] = []
  const list = [...before]
  // Most rows keep their index. Indexes by ID are only computed if one does not.
  let indexBefore: Map<string, number> | undefined
  let indexAfter: Map<string, number> | undefined

  function edit(edit: Edit): void {
    edits.push(edit)
    editRow(list, edit)
  }

  for (const [index, row] of after.entries()) {
    for (let other = list[index]; other !== row; other = list[index]) {
      indexBefore ??= indexesOf(before)
      indexAfter ??= indexesOf(after)
      const last = before[indexBefore.get(rowID(row)) ?? -1]
      const from = last ? list.indexOf(last, index) : -1
      const target = other && (indexAfter.get(rowID(other)) ?? -1)
      // If two rows have changed places, the one with the longer way is moved.
      if (target !== undefined && (target < 0 || (from >= 0 && target > from)))
        edit([index, Math.min(target, list.length - 1)])
      else {
        if (!last || !sameRow(last as MemberRow, row as MemberRow)) edit([from, index, row])
        else if (from !== index) edit([from, index])
        break
      }
    }
  }
  while (list.length > after.length) edit([list.length - 1, -1])
  return edits
}

const indexesOf = (rows: readonly StreamRow[]) =>
  new Map(rows.map((row, index) => [rowID(row), index]))
