/** Storage that lives as long as its page: for tests, and for hosts that have no other. */

import { idOf } from './pages.ts'
import type { Query, Storage, TableName, Tables, Write } from './port.ts'

type Row = Tables[TableName]
type Scopes = Map<string, Map<string, Row>>

export function createMemoryStorage(): Storage {
  let scopes: Scopes = new Map()
  let last: Promise<unknown> = Promise.resolve()

  // Asynchronous like any storage, and one after another like any transaction.
  const inTurn = <T>(work: () => T): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  const answer = (queries: readonly Query[]) => queries.map(query => read(scopes, query))

  return {
    // `answer` keeps the order of the queries, each with rows of its table.
    read: queries => inTurn(() => answer(queries)) as Promise<never>,
    transact: (queries, body) =>
      inTurn(() => {
        scopes = written(scopes, body(answer(queries) as never))
      }),
    close: () => inTurn(() => undefined),
    destroy: () =>
      inTurn(() => {
        scopes = new Map()
      })
  }
}

const at = (table: TableName, scope: string) => `${table}/${scope}`

function read(scopes: Scopes, { table, scope, ids }: Query): Row[] {
  const rows = scopes.get(at(table, scope))
  const wanted = ids ? [...new Set(ids)] : [...(rows?.keys() ?? [])]
  return wanted.sort().flatMap(id => rows?.get(id) ?? [])
}

function written(scopes: Scopes, writes: readonly Write[]): Scopes {
  const next = new Map(scopes)
  const copied = new Set<string>()
  for (const change of writes) {
    const name = at(change.table, change.scope)
    if (!copied.has(name)) next.set(name, new Map(next.get(name)))
    copied.add(name)
    const rows = next.get(name)
    if ('empty' in change) rows?.clear()
    else if (change.row) rows?.set((idOf[change.table] as (row: Row) => string)(change.row), change.row)
    else rows?.delete(change.id)
  }
  return next
}
