/**
 * Attributes and counters of a group: the checks of their arguments, and the step that their
 * operations share.
 *
 * Why rows of their own: they take up to 16 KiB, and every delta repeats the row of the group.
 * Users outside the group read that row too, but attributes and counters are for members. All of
 * one kind share a row, so a limit on all of them needs no other rows.
 */

import { count, list, record, text, type Check } from './args.ts'
import { accept, onGroup, reject, unknown } from './decision.ts'
import { limits, utf8Length } from './limits.ts'
import {
  entriesKey,
  setEntries,
  type Change,
  type EntriesRow,
  type EntriesTable,
  type Entry,
  type Key,
  type Rows
} from './model.ts'
import { permissions } from './permissions.ts'

const attributeKey = text({ bytesMax: limits.attributeKeyBytesMax, filled: true })
const ofAttributes = { countMax: limits.attributesMax, reason: 'IllegalArgument' } as const
export const attributeKeys: Check<readonly string[]> = list(attributeKey, ofAttributes)
export const groupAttributes: Check<readonly Entry<string>[]> = list(
  record({ key: attributeKey, value: text({ bytesMax: limits.attributeBytesMax }) }),
  ofAttributes
)

export const counterKey = text({ bytesMax: limits.counterKeyBytesMax, filled: true })
// JSON and IndexedDB keep whole numbers up to this one. Tencent has 64 bits.
const numberMax = Number.MAX_SAFE_INTEGER
export const counterValue = count({ min: -numberMax, max: numberMax })
export const groupCounters: Check<readonly Entry<number>[]> = list(
  record({ key: counterKey, value: counterValue }),
  { countMax: limits.countersMax, reason: 'IllegalArgument' }
)

type InGroup = { readonly groupID: string }
export const entriesNeeded =
  (table: EntriesTable) =>
  ({ groupID }: InGroup): readonly Key[] => [entriesKey(table, groupID)]

type Entries<T extends EntriesTable> = Rows[T]['entries']

/** Changes the entries of a group. `change` gets the present ones. */
export const onEntries = <T extends EntriesTable, A extends InGroup, R extends object>(
  table: T,
  change: (entries: Entries<T>, args: A) => { readonly entries: Entries<T>; readonly result: R }
) =>
  onGroup(
    () => [permissions.setEntries],
    (_facts, args: A, { groupID }, view) => {
      const key = entriesKey(table, groupID)
      const stored = view.get(key)
      if (stored === undefined) return unknown([key])
      // Without a row, the list is empty, and so it is one of this table.
      const before = stored?.entries ?? ([] as readonly Entry<never>[])
      const { entries, result } = change(before, args)
      const excess = excessOf[table](entries)
      if (excess) return reject('IllegalArgument', `${table}: ${excess}`)
      const row = { groupID, entries }
      const isSame = JSON.stringify(before) === JSON.stringify(entries)
      return accept(isSame ? [] : [{ ...key, row } as Change], { groupID, ...result })
    }
  )

/** An increment, not a value: queued increments of several devices add up in any order. */
export function addToCounter(entries: Entries<'counters'>, key: string, increment: number) {
  const value = (entries.find(entry => entry.key === key)?.value ?? 0) + increment
  return { entries: setEntries(entries, [{ key, value }]), result: { key, value } }
}

/** The limit that entries exceed, if any. */
const excessOf: Readonly<Record<EntriesTable, (entries: EntriesRow['entries']) => string | false>> =
  {
    attributes: entries => {
      const bytes = entries.reduce(
        (sum, { key, value }) => sum + utf8Length(key) + utf8Length(String(value)),
        0
      )
      if (bytes > limits.attributesBytesMax)
        return `at most ${limits.attributesBytesMax} bytes in all`
      return entries.length > limits.attributesMax && `at most ${limits.attributesMax}`
    },
    counters: entries => {
      if (!entries.every(({ value }) => Number.isSafeInteger(value))) return `at most ${numberMax}`
      return entries.length > limits.countersMax && `at most ${limits.countersMax}`
    }
  }
