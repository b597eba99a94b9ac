/** The UI thread's end of the streams: keeps the result of each query that somebody looks at, and hands it on. */

import { Observable } from 'rxjs'
import {
  rowID,
  type List,
  type Patch,
  type Query,
  type Row,
  type Status,
  type StreamFrame,
  type StreamRequest
} from '../engine/api.ts'
import type { Shown } from './can.ts'

type Value = Row | Status | null | List<Row>

type Replica = {
  readonly query: Query
  readonly stream: number
  readonly listeners: Set<(value: Value) => void>
  value: Value | undefined
  /** The rows of a list by ID, also such as have left it and might come back. */
  readonly rows: Map<string, Row>
  ids: readonly string[]
}

export type StreamClient = {
  /** What `query` shows, now and whenever it changes; the same query is asked once for all who look. */
  observe<V>(query: Query): Observable<V>
  /** The results that are shown just now. */
  shown(): Shown
  take(frame: StreamFrame): void
  /** Resolves when everything up to this version has been taken in. */
  reached(version: number): Promise<void>
}

export function createStreamClient(request: (request: StreamRequest) => void): StreamClient {
  const byQuery = new Map<string, Replica>()
  const byStream = new Map<number, Replica>()
  let count = 0
  let version = -1
  let waiting: { readonly version: number; resolve(): void }[] = []

  function open(name: string, query: Query): Replica {
    const replica: Replica = { query, stream: count++, listeners: new Set(), value: undefined, rows: new Map(), ids: [] }
    byQuery.set(name, replica)
    byStream.set(replica.stream, replica)
    request({ type: 'open', stream: replica.stream, query })
    return replica
  }

  function close(name: string, replica: Replica): void {
    byQuery.delete(name)
    byStream.delete(replica.stream)
    request({ type: 'close', stream: replica.stream })
  }

  return {
    observe: <V>(query: Query) =>
      new Observable<V>(subscriber => {
        const name = JSON.stringify(query)
        const replica = byQuery.get(name) ?? open(name, query)
        // The query decides what its value is.
        const listener = (value: Value) => subscriber.next(value as V)
        replica.listeners.add(listener)
        if (replica.value !== undefined) listener(replica.value)
        return () => {
          replica.listeners.delete(listener)
          if (replica.listeners.size === 0) close(name, replica)
        }
      }),

    *shown() {
      for (const { query, value } of byQuery.values()) if (value !== undefined) yield { query, value }
    },

    take(frame) {
      const changed: Replica[] = []
      for (const [stream, patch] of frame.patches) {
        const replica = byStream.get(stream)
        if (!replica) continue
        replica.value = patched(replica, patch)
        changed.push(replica)
      }
      // All of a change is in place before anybody is told of any of it.
      for (const { listeners, value } of changed) for (const listener of [...listeners]) if (value !== undefined) listener(value)
      version = frame.version
      request({ type: 'taken', version })
      for (const each of waiting) if (each.version <= version) each.resolve()
      waiting = waiting.filter(each => each.version > version)
    },

    reached: target =>
      target <= version ? Promise.resolve() : new Promise(resolve => waiting.push({ version: target, resolve }))
  }
}

function patched(replica: Replica, patch: Patch): Value {
  if (patch.kind === 'value') return frozen(patch.value)
  const { rows } = replica
  for (const row of patch.put) rows.set(rowID(row), frozen(row))
  if (patch.splice) {
    const { at, remove, ids } = patch.splice
    replica.ids = [...replica.ids.slice(0, at), ...ids, ...replica.ids.slice(at + remove)]
    const kept = new Set(replica.ids)
    for (const id of rows.keys()) if (!kept.has(id)) rows.delete(id)
  }
  const { total, complete, stale } = patch
  return Object.freeze({ rows: Object.freeze(replica.ids.flatMap(id => rows.get(id) ?? [])), total, complete, stale })
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const each of Object.values(value)) frozen(each)
  }
  return value
}
