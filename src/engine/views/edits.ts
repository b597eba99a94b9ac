/** What leads from one list to the next. */

import { sameRow, type MemberRow } from '../../kernel/model.ts'
import { editRow, rowID, type Edit, type StreamRow } from '../api.ts'

export function editsOf(before: readonly StreamRow[], after: readonly StreamRow[]): Edit[] {
  const edits: Edit[] = []
  const list = [...before]
  // Mostly each row stands where it stood; only where one does not, it is looked up.
  let known: Map<string, number> | undefined
  let places: Map<string, number> | undefined

  function edit(edit: Edit): void {
    edits.push(edit)
    editRow(list, edit)
  }

  for (const [at, row] of after.entries()) {
    for (let other = list[at]; other !== row; other = list[at]) {
      known ??= placesOf(before)
      places ??= placesOf(after)
      const last = before[known.get(rowID(row)) ?? -1]
      const from = last ? list.indexOf(last, at) : -1
      const place = other && (places.get(rowID(other)) ?? -1)
      // Of two rows in each other's place, the one that goes farther has moved.
      if (place !== undefined && (place < 0 || (from >= 0 && place > from)))
        edit([at, Math.min(place, list.length - 1)])
      else {
        if (!last || !sameRow(last as MemberRow, row as MemberRow)) edit([from, at, row])
        else if (from !== at) edit([from, at])
        break
      }
    }
  }
  while (list.length > after.length) edit([list.length - 1, -1])
  return edits
}

const placesOf = (rows: readonly StreamRow[]) =>
  new Map(rows.map((row, place) => [rowID(row), place]))
