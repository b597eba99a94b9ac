/** The copy of one query's result that the UI thread keeps, and how patches change it. */

import type { Subscriber } from 'rxjs'
import {
  editRow,
  rowID,
  type List,
  type Patch,
  type StreamQuery,
  type StreamRow,
  type StreamValue
} from '../engine/stream-api.ts'
import { describeErrors } from '../kernel/error-texts.ts'

export type Value = StreamValue | List<StreamRow>

export type Replica = {
  readonly query: StreamQuery
  readonly stream: number
  readonly subscribers: Set<Subscriber<unknown>>
  value: Value | undefined
  /** The rows of a list. */
  rows: StreamRow[]
  /** By ID, the rows of an earlier engine or page. An unchanged row stays the same object. */
  earlier: ReadonlyMap<string, StreamRow> | undefined
  stopLingering: () => void
}

export const createReplica = (query: StreamQuery, stream: number): Replica => ({
  query,
  stream,
  subscribers: new Set(),
  value: undefined,
  rows: [],
  earlier: undefined,
  stopLingering: () => undefined
})

/** Whether the value is from the engine, not from an earlier page or engine. */
export const isCurrent = ({ value, earlier }: Replica): boolean =>
  value !== undefined && earlier === undefined

/** The value after a patch. */
export function patched(replica: Replica, patch: Exclude<Patch, { kind: 'error' }>): Value {
  const { rows, value, earlier } = replica
  replica.earlier = undefined
  if (patch.kind === 'value') {
    const next = frozen(describeErrors(patch.value))
    return earlier && value !== undefined && isSame(value, next) ? value : next
  }
  for (const [from, to, put] of patch.edits) {
    const row = put && describeErrors(put)
    const known = row && earlier?.get(rowID(row))
    editRow(rows, [from, to, known && isSame(known, row) ? known : frozen(row)])
  }
  const { total, complete, stale } = patch
  const list = Object.freeze({ rows: Object.freeze([...rows]), total, complete, stale })
  return earlier && isSameList(value as List<StreamRow> | undefined, list)
    ? (value as List<StreamRow>)
    : list
}

const isSameList = (
  before: List<StreamRow> | undefined,
  { rows, ...rest }: List<StreamRow>
): boolean =>
  before?.rows.length === rows.length &&
  rows.every((row, index) => row === before.rows[index]) &&
  isSame({ ...before, rows: [] }, { rows: [], ...rest })

export const byID = (rows: readonly StreamRow[]) => new Map(rows.map(row => [rowID(row), row]))
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const each of Object.values(value)) frozen(each)
  }
  return value
}
