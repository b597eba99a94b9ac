/**
 * The pages of a database: found by the IDs of their rows, read, and copied on write. A page never
 * changes: its successor is stored under a new number, and the superblock decides which of them
 * counts. So a crash during a checkpoint leaves every page that the superblock names.
 */

import { scopeKey, type Scope, type ScopeWrites } from '../memtable.ts'
import { pageChanges } from '../page-changes.ts'
import { decodePage, encodePage, parseRecord } from '../page-format.ts'
import { idsByPage } from '../page-names.ts'
import type { StorageQuery } from '../port.ts'
import { hasID, idOf, type StoredRow } from '../tables.ts'
import { pageKey, type Key } from './keys.ts'
import type { SealedText, SealedValues } from './sealed-values.ts'
import { noPages, type ScopePages } from './superblock.ts'

export type Pages = ReturnType<typeof createPages>
/** By page number. */
export type LoadedPages = ReadonlyMap<number, SealedText>

/** A call of the host takes milliseconds, so the pages that were used last stay in memory. */
const cachedCharactersMax = 1_000_000

type PagesOptions = {
  readonly values: SealedValues
  readonly scopes: ReadonlyMap<string, ScopePages>
  /** Lower than the number of the next page. */
  readonly lastNumber: number
  /** Pages that no superblock names. */
  readonly unused: readonly number[]
}

export function createPages({
  values,
  scopes: stored,
  lastNumber: last,
  ...options
}: PagesOptions) {
  const scopes = new Map(stored)
  const cache = createTextCache(cachedCharactersMax)
  let lastNumber = last
  /** Pages that the last superblock may name, and the next one will not. */
  let replaced: number[] = []
  let unused = [...options.unused]

  for (const { numbers, sizes } of stored.values())
    numbers.forEach((number, index) => values.setSize(pageKey(number), sizes[index] ?? 0))

  const pagesOf = (scope: Scope): ScopePages => scopes.get(scopeKey(scope)) ?? noPages

  async function readPage(number: number): Promise<SealedText> {
    const cached = cache.get(number)
    if (cached !== undefined) return { text: cached }
    const page = await values.read(pageKey(number))
    if (page.text !== undefined) cache.set(number, page.text)
    return page
  }

  function pagesOfQueries(queries: readonly StorageQuery[]): Set<number> {
    const pages = new Set<number>()
    for (const query of queries)
      for (const number of pagesOfQuery(pagesOf(query), query)) pages.add(number)
    return pages
  }

  return {
    scopes: scopes as ReadonlyMap<string, ScopePages>,

    dropCache: cache.clear,
    /** The host has lost all pages. */
    forget(): void {
      for (const { numbers } of scopes.values())
        for (const number of numbers) values.setSize(pageKey(number), 0)
      scopes.clear()
      cache.clear()
      replaced = []
    },

    /** The pages of queries, if the cache has all of them. */
    cached(queries: readonly StorageQuery[]): LoadedPages | undefined {
      const loaded = new Map<number, SealedText>()
      for (const number of pagesOfQueries(queries)) {
        const text = cache.get(number)
        if (text === undefined) return undefined
        loaded.set(number, { text })
      }
      return loaded
    },

    /** Reads the pages of queries. */
    async load(queries: readonly StorageQuery[]): Promise<LoadedPages> {
      const loaded = new Map<number, SealedText>()
      await Promise.all(
        [...pagesOfQueries(queries)].map(async number => {
          loaded.set(number, await readPage(number))
        })
      )
      return loaded
    },

    /** The stored rows of a query, damaged ones included. */
    read(query: StorageQuery, loaded: LoadedPages): StoredRow[] {
      const { table, ids } = query
      const wanted = ids && new Set(ids)
      const id = idOf[table] as (row: StoredRow) => string
      return pagesOfQuery(pagesOf(query), query)
        .flatMap(number =>
          decodePage(recordOf(loaded.get(number)), wanted && { table, ids: wanted })
        )
        .filter(row => !wanted || !hasID(table, row) || wanted.has(id(row)))
    },

    /** The written IDs by the pages that they belong to. `undefined`: they are not known yet. */
    idsByPage(writes: ScopeWrites): readonly (readonly string[])[] | undefined {
      if (isWholeOnly(writes)) return undefined
      return [...idsByPage(pagesOf(writes).names, writes.rows.keys()).values()]
    },

    /** Writes the new pages of a scope, and from then on reads them. */
    async writeScope(writes: ScopeWrites): Promise<void> {
      const old = pagesOf(writes)
      const current = new Map(
        writes.isEmptied ? [] : old.names.map((name, index) => [name, old.numbers[index] ?? 0])
      )
      const changes = await pageChanges(writes, {
        names: [...current.keys()],
        readPage: async name => {
          const number = current.get(name)
          return number === undefined ? [] : recordOf(await readPage(number))
        }
      })
      const written: number[] = []
      try {
        for (const { replaces, pages } of changes) {
          if (replaces !== undefined) current.delete(replaces)
          for (const { name, rows } of pages) {
            const number = ++lastNumber
            written.push(number)
            const text = encodePage(rows)
            await values.write(pageKey(number), text)
            cache.set(number, text)
            current.set(name, number)
          }
        }
      } catch (error) {
        unused.push(...written)
        throw error
      }
      const names = [...current.keys()].sort()
      const numbers = names.map(name => current.get(name) ?? 0)
      const kept = new Set(numbers)
      replaced.push(...old.numbers.filter(number => !kept.has(number)))
      const sizes = numbers.map(number => values.sizeOf(pageKey(number)))
      if (names.length > 0) scopes.set(scopeKey(writes), { names, numbers, sizes })
      else scopes.delete(scopeKey(writes))
    },

    /** The keys that may be removed after a superblock with the present pages was stored. */
    collectUnused(): Key[] {
      const keys = [...replaced, ...unused].map(pageKey)
      replaced = []
      unused = []
      return keys
    }
  }
}

/** Whether a part of these writes cannot be stored before the others. */
export const isWholeOnly = ({ isEmptied, blocks }: ScopeWrites): boolean =>
  isEmptied || blocks.length > 0

function pagesOfQuery({ names, numbers }: ScopePages, { ids }: StorageQuery): readonly number[] {
  if (!ids) return numbers
  const wanted = idsByPage(names, new Set(ids))
  return numbers.filter((_, index) => wanted.has(names[index] ?? ''))
}

/** A damaged page is returned as one damaged row, which the engine reports or fetches once more. */
const recordOf = (page: SealedText | undefined): unknown =>
  page?.text === undefined ? [{ damaged: page?.raw ?? '' }] : parseRecord(page.text)

/** Keeps the texts that were used last. */
function createTextCache(charactersMax: number) {
  const texts = new Map<number, string>()
  let characters = 0
  const remove = (number: number) => {
    characters -= texts.get(number)?.length ?? 0
    texts.delete(number)
  }
  return {
    clear(): void {
      texts.clear()
      characters = 0
    },
    get(number: number): string | undefined {
      const text = texts.get(number)
      if (text === undefined) return undefined
      texts.delete(number)
      texts.set(number, text)
      return text
    },
    set(number: number, text: string): void {
      remove(number)
      texts.set(number, text)
      characters += text.length
      for (const oldest of texts.keys()) {
        if (characters <= charactersMax) break
        remove(oldest)
      }
    }
  }
}
