/** The events about attributes and counters: a change by any member, also one made offline. */

import { Subscription } from 'rxjs'
import type { Undelivered } from '../client/group-store.ts'
import type { Entry } from '../kernel/model.ts'
import { EVENT } from './constants.ts'
import type { Events } from './events.ts'

/** After logout there are no events, even if a handler has logged out. */
export function watchEntries(
  store: Undelivered,
  events: Events,
  isOver: () => boolean
): Subscription {
  const watch = new Subscription()
  const attributes = createChanges<string>(
    isOver,
    ({ groupID, entries }, updatedKeyList, deletedKeyList) =>
      events.emit(EVENT.GROUP_ATTRIBUTES_UPDATED, {
        groupID,
        groupAttributes: objectOf(entries),
        updatedKeyList,
        deletedKeyList
      })
  )
  const counters = createChanges<number>(isOver, ({ groupID, entries }, updated) => {
    for (const { key, value } of entries)
      if (!isOver() && updated.includes(key))
        events.emit(EVENT.GROUP_COUNTER_UPDATED, { groupID, key, value })
  })
  watch.add(store.entries$('attributes').subscribe(attributes))
  watch.add(store.entries$('counters').subscribe(counters))
  return watch
}

/** The properties are own ones, so a key like `__proto__` does no harm. */
export const objectOf = <V>(entries: readonly Entry<V>[]): Record<string, V> =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value]))

type RowOf<V> = { readonly groupID: string; readonly entries: readonly Entry<V>[] }

/** Reports the changed keys of each group. The rows at login are no change. */
function createChanges<V>(
  isOver: () => boolean,
  report: (row: RowOf<V>, updated: string[], deleted: string[]) => void
): (rows: readonly RowOf<V>[]) => void {
  let known: ReadonlyMap<string, RowOf<V>> | undefined

  function compare(rows: readonly RowOf<V>[]): void {
    const before = known
    known = new Map(rows.map(row => [row.groupID, row]))
    for (const row of before ? rows : []) {
      const last = before?.get(row.groupID)
      if (last === row || isOver()) continue
      const values = new Map(last?.entries.map(({ key, value }) => [key, value]))
      const updated = row.entries.flatMap(({ key, value }) =>
        values.get(key) === value ? [] : key
      )
      for (const { key } of row.entries) values.delete(key)
      if (updated.length + values.size > 0) report(row, updated, [...values.keys()])
    }
  }

  // The list of groups may come later in the same frame, and GROUP_LIST_UPDATED comes first.
  return rows => void Promise.resolve().then(() => compare(rows))
}
