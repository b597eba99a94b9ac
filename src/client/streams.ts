/** The UI thread's end of the streams: keeps the result of each query that somebody looks at, and hands it on. */

import { Observable, type Subscriber } from 'rxjs'
import {
  editRow,
  rowID,
  type List,
  type Patch,
  type StreamQuery,
  type StreamRow,
  type Status,
  type StreamFrame,
  type StreamRequest
} from '../engine/api.ts'
import { describeErrors } from '../kernel/error-texts.ts'

/** Who looks away for a moment, as pages do when they are drawn anew, finds everything as it was. */
const lingerMs = 1000
/** Posting costs more than taking a frame in. The engine goes on for twice as many without an answer. */
const framesPerAnswer = 8

type Value = StreamRow | Status | null | List<StreamRow>

type Replica = {
  readonly query: StreamQuery
  readonly stream: number
  readonly subscribers: Set<Subscriber<unknown>>
  value: Value | undefined
  /** The rows of a list. */
  rows: StreamRow[]
  /** By ID, the rows of an earlier engine: what has not changed since stays the same object. */
  earlier: ReadonlyMap<string, StreamRow> | undefined
  stopLingering: () => void
}

export type StreamClient = {
  /** What `query` shows, now and whenever it changes; the same query is asked once for all who look. */
  observe<V>(query: StreamQuery): Observable<V>
  /** The results that are shown just now; current are those that the engine has told. */
  shown(): Iterable<{
    readonly query: StreamQuery
    readonly value: Value
    readonly isCurrent: boolean
  }>
  /** What an earlier page has shown is shown until the engine answers. */
  show(lists: ReadonlyMap<string, List<StreamRow>>): void
  take(frame: StreamFrame): void
  /**
   * Resolves when everything up to this version has been taken in, and every query observed by now has a result: the
   * first result of a query may come in a later frame than a change that was asked for after it.
   */
  reached(version: number): Promise<void>
  /** Asks another engine, in place of one that has died, for all that somebody looks at. */
  restart(): void
}

export function createStreamClient(request: (request: StreamRequest) => void): StreamClient {
  const byQuery = new Map<string, Replica>()
  const byStream = new Map<number, Replica>()
  let count = 0
  let version = -1
  let unanswered = 0
  let isAnswered = false
  let earlier: ReadonlyMap<string, List<StreamRow>> | undefined
  let waiting: {
    readonly version: number
    readonly opened: readonly Replica[]
    resolve(): void
  }[] = []

  function open(name: string, query: StreamQuery): Replica {
    const replica: Replica = {
      query,
      stream: count++,
      subscribers: new Set(),
      value: undefined,
      rows: [],
      earlier: undefined,
      stopLingering: () => undefined
    }
    byQuery.set(name, replica)
    byStream.set(replica.stream, replica)
    request({ type: 'open', stream: replica.stream, query })
    putEarlier(name, replica)
    return replica
  }

  /** Whether there is something of an earlier page to show. */
  function putEarlier(name: string, replica: Replica): boolean {
    const list = replica.value === undefined ? earlier?.get(name) : undefined
    if (!list) return false
    replica.value = frozen({ ...list, stale: true })
    replica.earlier = byID(list.rows)
    return true
  }

  function tell(changed: readonly Replica[]): void {
    for (const { subscribers, value } of changed)
      for (const subscriber of [...subscribers]) subscriber.next(value)
  }

  function forget(name: string, { stream }: Replica): void {
    byQuery.delete(name)
    byStream.delete(stream)
    resolveReached()
  }

  function resolveReached(): void {
    const isReached = (each: (typeof waiting)[number]) =>
      each.version <= version &&
      each.opened.every(replica => isCurrent(replica) || !byStream.has(replica.stream))
    const reached = waiting.filter(isReached)
    waiting = waiting.filter(each => !reached.includes(each))
    for (const { resolve } of reached) resolve()
  }

  function linger(name: string, replica: Replica): void {
    const timer = setTimeout(() => {
      forget(name, replica)
      request({ type: 'close', stream: replica.stream })
    }, lingerMs)
    replica.stopLingering = () => clearTimeout(timer)
  }

  return {
    observe: <V>(query: StreamQuery) =>
      new Observable<V>(subscriber => {
        const name = nameOf(query)
        const replica = byQuery.get(name) ?? open(name, JSON.parse(name) as StreamQuery)
        replica.stopLingering()
        replica.subscribers.add(subscriber)
        // The query decides what its value is.
        if (replica.value !== undefined) subscriber.next(replica.value as V)
        return () => {
          replica.subscribers.delete(subscriber)
          if (replica.subscribers.size === 0 && byStream.has(replica.stream)) linger(name, replica)
        }
      }),

    *shown() {
      for (const replica of byQuery.values()) {
        const { query, value } = replica
        if (value !== undefined) yield { query, value, isCurrent: isCurrent(replica) }
      }
    },

    show(lists) {
      // The engine was faster.
      if (isAnswered) return
      earlier = lists
      tell([...byQuery].flatMap(([name, replica]) => (putEarlier(name, replica) ? replica : [])))
    },

    take(frame) {
      const changed: Replica[] = []
      isAnswered ||= frame.patches.length > 0
      if (isAnswered) earlier = undefined
      for (const [stream, patch] of frame.patches) {
        const replica = byStream.get(stream)
        if (!replica) continue
        if (patch.kind === 'error') {
          replica.stopLingering()
          forget(JSON.stringify(replica.query), replica)
          for (const subscriber of [...replica.subscribers])
            subscriber.error(describeErrors(patch.error))
          continue
        }
        const before = replica.value
        replica.value = patched(replica, patch)
        if (replica.value !== before) changed.push(replica)
      }
      // All of a change is in place before anybody is told of any of it.
      tell(changed)
      version = frame.version
      if (++unanswered === framesPerAnswer) {
        unanswered = 0
        request({ type: 'received', version })
      }
      resolveReached()
    },

    reached: target =>
      new Promise(resolve => {
        waiting.push({
          version: target,
          opened: [...byQuery.values()].filter(replica => !isCurrent(replica)),
          resolve
        })
        resolveReached()
      }),

    restart() {
      version = -1
      unanswered = 0
      // What they wait for will not come from this engine; it is shown by the next, or it never was.
      for (const each of waiting.splice(0)) each.resolve()
      for (const replica of byStream.values()) {
        replica.earlier = byID(replica.rows)
        replica.rows = []
        request({ type: 'open', stream: replica.stream, query: replica.query })
      }
    }
  }
}

/**
 * A query as text: queries that say the same are one. What cannot be text becomes `null`, or an order that does not
 * exist, and the engine refuses the query.
 */
function nameOf(query: StreamQuery): string {
  try {
    return JSON.stringify(query)
  } catch {
    // Expected: a number too large for JSON, an object that holds itself.
    return JSON.stringify({ kind: query.kind, limit: null })
  }
}

/** Whether the engine has answered: a value of an earlier page or engine does not count. */
const isCurrent = ({ value, earlier }: Replica): boolean =>
  value !== undefined && earlier === undefined

function patched(replica: Replica, patch: Exclude<Patch, { kind: 'error' }>): Value {
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

const byID = (rows: readonly StreamRow[]) => new Map(rows.map(row => [rowID(row), row]))
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const each of Object.values(value)) frozen(each)
  }
  return value
}
