/** Rows of one table in memory, scope by scope, as far as somebody has asked for them; kept current by what is committed. */

import { rowsOf } from '../../protocol/column-block.ts'
import type { Storage, Write } from '../../storage/port.ts'
import type { TableName, Tables } from '../../storage/tables.ts'

type Scope<R> = {
  readonly rows: Map<string, R>
  /** IDs that storage has been asked for; `'all'`: every one there is. */
  asked: Set<string> | 'all'
}

type CacheOptions<T extends TableName> = {
  readonly table: T
  idOf(row: Tables[T]): string
  isRow(row: unknown, scope: string): boolean
  /** Told of a scope with rows that are none. */
  onDamaged(scope: string): void
}

export function createCache<T extends TableName>(
  storage: Storage,
  { table, idOf, isRow, onDamaged }: CacheOptions<T>
) {
  type Row = Tables[T]
  const scopes = new Map<string, Scope<Row>>()
  /** Reads under way: what is written meanwhile may not be in what they bring. */
  const reading = new Map<string, Set<Write[]>>()
  /** Reads of whole scopes that are under way. */
  const readingAll = new Map<string, Promise<void>>()

  function isLoaded(scope: string, ids: readonly string[] | 'all'): boolean {
    const asked = scopes.get(scope)?.asked
    if (asked === 'all') return true
    return ids !== 'all' && ids.every(id => asked?.has(id))
  }

  async function read(scope: string, ids: readonly string[] | 'all'): Promise<void> {
    const meanwhile: Write[] = []
    const reads = reading.get(scope) ?? new Set()
    reading.set(scope, reads.add(meanwhile))
    // The answer holds rows of the table that the query names.
    const query = { table, scope, ...(ids !== 'all' && { ids }) } as never
    const [stored] = (await storage.read([query]).finally(() => reads.delete(meanwhile)))
      .answers as [Row[]]
    const rows = stored.filter(row => isRow(row, scope))
    if (rows.length < stored.length) onDamaged(scope)
    const known = scopes.get(scope) ?? { rows: new Map<string, Row>(), asked: new Set<string>() }
    scopes.set(scope, known)
    // Others may have removed what was asked for.
    for (const id of ids === 'all' ? known.rows.keys() : ids) known.rows.delete(id)
    for (const row of rows) known.rows.set(idOf(row), row)
    if (ids === 'all') known.asked = 'all'
    else if (known.asked !== 'all') for (const id of ids) known.asked.add(id)
    for (const write of meanwhile) take(known, write)
  }

  function take(known: Scope<Row>, write: Write): void {
    if ('empty' in write) known.rows.clear()
    else if ('block' in write)
      for (const row of rowsOf(write.block) as readonly Row[]) known.rows.set(idOf(row), row)
    // Only writes to this table get here.
    else if (write.row) known.rows.set(write.id, write.row as Row)
    else known.rows.delete(write.id)
  }

  return {
    isLoaded,
    async load(scope: string, ids: readonly string[] | 'all'): Promise<void> {
      if (isLoaded(scope, ids)) return
      const all = readingAll.get(scope)
      const work = all ?? read(scope, ids).finally(() => ids === 'all' && readingAll.delete(scope))
      if (ids === 'all') readingAll.set(scope, work)
      await work
    },
    absorb(write: Write): void {
      const known = scopes.get(write.scope)
      if (known) take(known, write)
      for (const meanwhile of reading.get(write.scope) ?? []) meanwhile.push(write)
    },
    get: (scope: string, id: string): Row | undefined => scopes.get(scope)?.rows.get(id),
    all: (scope: string): Iterable<Row> => scopes.get(scope)?.rows.values() ?? [],
    release: (scope: string) => void scopes.delete(scope),
    /** Reads again what is in memory, from what others may have written; answers the scopes. */
    async refresh(): Promise<string[]> {
      const held = [...scopes]
      for (const [scope, { asked }] of held) await read(scope, asked === 'all' ? 'all' : [...asked])
      return held.map(([scope]) => scope)
    }
  }
}
