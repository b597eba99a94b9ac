/**
 * The page index: one record with the names of all pages but the first of each scope. With it, two
 * requests find any row. If the record is damaged or lost, the keys of the pages are listed
 * instead. This is slow, because browsers read all values for it.
 */

import { resultOf } from './database.ts'
import { scopeKey, type Scope } from './memtable.ts'
import { parseRecord } from './page-format.ts'
import { isAscending, pageOf } from './page-names.ts'
import type { TableName } from './tables.ts'

const indexKey = ['names']

export type PageIndex = Awaited<ReturnType<typeof readPageIndex>>

/** The index as one transaction sees it. */
export async function readPageIndex(store: IDBObjectStore) {
  const stored: unknown = await resultOf(store.get(indexKey))
  const record = parseRecord(stored)
  const names = isIndex(record)
    ? new Map<string, readonly string[]>(record)
    : namesFromKeys(await resultOf(store.getAllKeys()))

  return {
    /** In ascending order. */
    namesIn: (scope: Scope): readonly string[] => names.get(scopeKey(scope)) ?? [],

    /** The page that an ID belongs to. */
    pageOf: (scope: Scope, id: string): string => pageOf(names.get(scopeKey(scope)) ?? [], id),

    setNames(scope: Scope, pageNames: Iterable<string>): void {
      const sorted = [...pageNames].sort()
      if (sorted.length > 0) names.set(scopeKey(scope), sorted)
      else names.delete(scopeKey(scope))
    },

    write(): void {
      const text = JSON.stringify([...names])
      if (text !== stored) store.put(text, indexKey)
    }
  }
}

function namesFromKeys(keys: readonly IDBValidKey[]): Map<string, readonly string[]> {
  const names = new Map<string, string[]>()
  // Keys of other records have no name.
  for (const [table, scope = '', name] of keys as [TableName, string?, string?][]) {
    if (!name) continue
    const key = scopeKey({ table, scope })
    const inScope = names.get(key) ?? []
    names.set(key, inScope)
    inScope.push(name)
  }
  return names
}

const isIndex = (record: unknown): record is [string, string[]][] =>
  Array.isArray(record) &&
  record.every(each => Array.isArray(each) && Array.isArray(each[1]) && isAscending(each[1]))
