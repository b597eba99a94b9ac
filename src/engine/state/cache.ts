/** The loaded rows of one table in memory, scope by scope. Committed writes keep them current. */

import { rowsOf } from '../../protocol/column-block.ts'
import type { Storage, Write } from '../../storage/port.ts'
import type { TableName, Tables } from '../../storage/tables.ts'

type Scope<R> = {
  readonly rows: Map<string, R>
  /** Loaded IDs, those without a row included. `'all'`: the whole scope. */
  loaded: Set<string> | 'all'
}

type CacheOptions<T extends TableName> = {
  readonly table: T
  idOf(row: Tables[T]): string
  isRow(row: unknown, scope: string): boolean
  /** Storage holds as many damaged rows in this scope. */
  onDamaged(scope: string, rows: number): void
}

export function createCache<T extends TableName>(
  storage: Storage,
  { table, idOf, isRow, onDamaged }: CacheOptions<T>
) {
  type Row = Tables[T]
  const scopes = new Map<string, Scope<Row>>()
  /** Writes during each read under way: the read may have missed them. */
  const reading = new Map<string, Set<Write[]>>()
  /** Reads of whole scopes under way. */
  const readingAll = new Map<string, Promise<void>>()

  function isLoaded(scope: string, ids: readonly string[] | 'all'): boolean {
    const loaded = scopes.get(scope)?.loaded
    if (loaded === 'all') return true
    return ids !== 'all' && ids.every(id => loaded?.has(id))
  }

  async function read(
    scope: string,
    ids: readonly string[] | 'all',
    { isRefresh = false } = {}
  ): Promise<void> {
    const during: Write[] = []
    const reads = reading.get(scope) ?? new Set()
    reading.set(scope, reads.add(during))
    // The answer has rows of the table that the query names.
    const query = { table, scope, ...(ids !== 'all' && { ids }) } as never
    const [stored] = (await storage.read([query]).finally(() => reads.delete(during))).answers as [
      Row[]
    ]
    const rows = stored.filter(row => isRow(row, scope))
    if (rows.length < stored.length) onDamaged(scope, stored.length - rows.length)
    // Nobody needs rows that were released meanwhile. A load is for a caller that still waits.
    if (isRefresh && !scopes.has(scope)) return
    const known = scopes.get(scope) ?? { rows: new Map<string, Row>(), loaded: new Set<string>() }
    scopes.set(scope, known)
    // Another tab may have removed rows since the last read.
    for (const id of ids === 'all' ? known.rows.keys() : ids) known.rows.delete(id)
    for (const row of rows) known.rows.set(idOf(row), row)
    if (ids === 'all') known.loaded = 'all'
    else if (known.loaded !== 'all') for (const id of ids) known.loaded.add(id)
    for (const write of during) applyTo(known, write)
  }

  function applyTo(known: Scope<Row>, write: Write): void {
    if ('empty' in write) known.rows.clear()
    else if ('block' in write)
      for (const row of rowsOf(write.block) as readonly Row[]) known.rows.set(idOf(row), row)
    // The caller passes only writes to this table.
    else if (write.row) known.rows.set(write.id, write.row as Row)
    else known.rows.delete(write.id)
  }

  return {
    isLoaded,
    /** Whether rows of the scope are loaded, or being read. */
    holds: (scope: string): boolean => scopes.has(scope) || (reading.get(scope)?.size ?? 0) > 0,
    async load(scope: string, ids: readonly string[] | 'all'): Promise<void> {
      if (isLoaded(scope, ids)) return
      const all = readingAll.get(scope)
      const work = all ?? read(scope, ids).finally(() => ids === 'all' && readingAll.delete(scope))
      if (ids === 'all') readingAll.set(scope, work)
      await work
    },
    applyWrite(write: Write): void {
      const known = scopes.get(write.scope)
      if (known) applyTo(known, write)
      for (const during of reading.get(write.scope) ?? []) during.push(write)
    },
    get: (scope: string, id: string): Row | undefined => scopes.get(scope)?.rows.get(id),
    all: (scope: string): Iterable<Row> => scopes.get(scope)?.rows.values() ?? [],
    release: (scope: string) => void scopes.delete(scope),
    /** Reads all loaded rows once more: another tab may have written them. Returns the scopes. */
    async refresh(): Promise<string[]> {
      const held = [...scopes]
      for (const [scope, { loaded }] of held)
        await read(scope, loaded === 'all' ? 'all' : [...loaded], { isRefresh: true })
      return held.map(([scope]) => scope)
    }
  }
}
