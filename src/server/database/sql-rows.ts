/** Rows of SQL as values of the database port. */

import type { GroupRow, MemberRow } from '../../kernel/model.ts'
import { noGroup, type GroupState, type MarkedMember } from './port.ts'

/** Runs one statement of PostgreSQL, with parameters `$1`, `$2` and so on. */
export type SqlQuery = (text: string, params?: readonly unknown[]) => Promise<{ rows: unknown[] }>

export function all<R>({ rows }: { rows: unknown[] }): R[] {
  // The statement beside each call selects these columns.
  return rows as R[]
}
export const one = <R>(result: { rows: unknown[] }): R | undefined => all<R>(result)[0]

export function groupState(result: { rows: unknown[] }): GroupState {
  const row = one<{ seq: string; body: GroupRow | null; floor: string; digest: string }>(result)
  return row
    ? { seq: Number(row.seq), row: row.body, floor: Number(row.floor), digest: Number(row.digest) }
    : noGroup
}

export const markedMembers = (result: { rows: unknown[] }): MarkedMember[] =>
  all<{ user_id: string; body: MemberRow | null; revision: string }>(result).map(
    ({ user_id, body, revision }) => ({
      userID: user_id,
      row: body,
      revision: Number(revision)
    })
  )
