/** Visible rows, and the ordered lists of them that are shown. */

import type { EntriesTable } from '../../kernel/model.ts'
import type { StreamQuery } from '../stream-api.ts'
import { createOrdered, type Ordered, type OrderedOptions } from './ordered.ts'

export type GroupsQuery = Extract<StreamQuery, { kind: 'groups' }>
export type EntriesQuery = Extract<StreamQuery, { kind: EntriesTable }>
export type MembersQuery = Extract<StreamQuery, { kind: 'members' }>

/** `lists`: by order, search and role. */
export type Source<R> = {
  readonly byID: Map<string, R>
  readonly lists: Map<string, Ordered<R>>
}

export const createSource = <R>(): Source<R> => ({ byID: new Map(), lists: new Map() })

/** Two queries with this name share a list: their windows are parts of it. */
export const listName = (query: GroupsQuery | MembersQuery): string =>
  JSON.stringify([query.orderBy, query.search, 'role' in query && query.role])

export function listOf<R>(
  { byID, lists }: Source<R>,
  query: GroupsQuery | MembersQuery,
  options: OrderedOptions<R>
): Ordered<R> {
  const name = listName(query)
  const list = lists.get(name) ?? createOrdered(byID, options)
  lists.set(name, list)
  return list
}

export function replace<R>({ byID, lists }: Source<R>, id: string, after: R | null): void {
  const before = byID.get(id)
  if (after) byID.set(id, after)
  else byID.delete(id)
  for (const list of lists.values()) list.replace(before, after ?? undefined)
}
