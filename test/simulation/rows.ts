/** A copy of a database's rows, for the checks. */

import { rowsOf } from '../../src/protocol/column-block.ts'
import { idOf } from '../../src/storage/tables.ts'
import type { StorageQuery, Write } from '../../src/storage/port.ts'
import type { TableName, Tables } from '../../src/storage/tables.ts'

type Row = Tables[TableName]

const none: ReadonlyMap<string, never> = new Map<string, never>()
const at = (table: TableName, scope: string) => `${table}/${scope}`

export function createRows() {
  const rows = new Map<string, Map<string, Row>>()

  return {
    clear: () => rows.clear(),
    write(writes: readonly Write[]): void {
      for (const write of writes) {
        const key = at(write.table, write.scope)
        const scope = rows.get(key) ?? new Map<string, Row>()
        rows.set(key, scope)
        if ('empty' in write) scope.clear()
        else if ('block' in write) for (const row of rowsOf(write.block)) scope.set(row.userID, row)
        else if (write.row)
          scope.set((idOf[write.table] as (row: Row) => string)(write.row), write.row)
        else scope.delete(write.id)
      }
    },
    /**
     * The expected answers. A tab asks only for verdicts it knows, so a missing one counts. It does
     * not know that another tab has logged out.
     */
    expected: (queries: readonly StorageQuery[]) =>
      queries.map(({ table, scope, ids }) => {
        const known = table === 'lease' ? none : rows.get(at(table, scope))
        return ids
          ? ids.flatMap(id => known?.get(id) ?? (table === 'verdicts' ? {} : []))
          : [...(known?.values() ?? [])]
      }) as never,
    table: <T extends TableName>(table: T, scope = '') =>
      (rows.get(at(table, scope)) ?? none) as ReadonlyMap<string, Tables[T]>,
    image: (): Write[] =>
      [...rows].flatMap(([key, scope]) => {
        const [table = '', ...rest] = key.split('/')
        return [...scope].map(([id, row]) => ({ table, scope: rest.join('/'), id, row }) as Write)
      })
  }
}
