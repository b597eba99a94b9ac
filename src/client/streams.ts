/**
 * The streams on the UI thread. Each query is open once, and its result is shared by all
 * subscribers.
 */

import { Observable } from 'rxjs'
import type { Status } from '../engine/api.ts'
import {
  framesPerAnswer,
  type List,
  type StreamFrame,
  type StreamQuery,
  type StreamRequest,
  type StreamRow
} from '../engine/stream-api.ts'
import { describeErrors } from '../kernel/error-texts.ts'
import {
  byID,
  createReplica,
  frozen,
  isCurrent,
  patched,
  type Replica,
  type Value
} from './replica.ts'
import { createReached } from './reached.ts'

/** A page that renders again unsubscribes for a moment. Its results are kept for this time. */
const lingerMs = 1000

export type StreamClient = {
  /** The result of `query`, now and whenever it changes. Equal queries share one stream. */
  observe<V>(query: StreamQuery): Observable<V>
  /** The results on this page. `isCurrent`: from the engine, not from an earlier page. */
  shown(): Iterable<{
    readonly query: StreamQuery
    readonly value: Value
    readonly isCurrent: boolean
  }>
  /** Shows the lists of an earlier page until the engine answers. */
  showEarlier(lists: ReadonlyMap<string, List<StreamRow>>): void
  receiveFrame(frame: StreamFrame): void
  /**
   * Resolves when frames up to this version have arrived, and every query observed by now has a
   * result: its first result may come in a later frame than a change that was requested after it.
   */
  reached(version: number): Promise<void>
  /** Opens all streams in a new engine, which replaces one that has died. */
  restart(): void
  /** Changes the status until an engine answers. */
  showStatus(change: (status: Status | undefined) => Status): void
}

export function createStreamClient(request: (request: StreamRequest) => void): StreamClient {
  const byQuery = new Map<string, Replica>()
  const byStream = new Map<number, Replica>()
  let count = 0
  let version = -1
  let unanswered = 0
  let isAnswered = false
  let earlier: ReadonlyMap<string, List<StreamRow>> | undefined
  const reached = createReached(({ stream }) => byStream.has(stream))

  function open(name: string, query: StreamQuery): Replica {
    const replica = createReplica(query, count++)
    byQuery.set(name, replica)
    byStream.set(replica.stream, replica)
    request({ type: 'open', stream: replica.stream, query })
    useEarlier(name, replica)
    return replica
  }

  /** Whether an earlier page has left a list for this query. */
  function useEarlier(name: string, replica: Replica): boolean {
    const list = replica.value === undefined ? earlier?.get(name) : undefined
    if (!list) return false
    replica.value = frozen({ ...list, stale: true })
    replica.earlier = byID(list.rows)
    return true
  }

  function publish(changed: readonly Replica[]): void {
    for (const { subscribers, value } of changed)
      for (const subscriber of [...subscribers]) subscriber.next(value)
  }

  function forget(name: string, { stream }: Replica): void {
    byQuery.delete(name)
    byStream.delete(stream)
    reached.update(version)
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
        // The query decides the type of its value.
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

    showEarlier(lists) {
      // The engine was faster than the cache.
      if (isAnswered) return
      earlier = lists
      publish([...byQuery].flatMap(([name, replica]) => (useEarlier(name, replica) ? replica : [])))
    },

    receiveFrame(frame) {
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
      // All results change before any subscriber runs: it may read another one.
      publish(changed)
      version = frame.version
      if (++unanswered === framesPerAnswer) {
        unanswered = 0
        request({ type: 'received', version })
      }
      reached.update(version)
    },

    reached: target =>
      new Promise(resolve => {
        const opened = [...byQuery.values()].filter(replica => !isCurrent(replica))
        reached.add({ version: target, opened, resolve })
        reached.update(version)
      }),

    restart() {
      version = -1
      unanswered = 0
      reached.abandon()
      for (const replica of byStream.values()) {
        // The page may have shown a status of its own, so the next one is always published.
        if (replica.query.kind !== 'status') replica.earlier ??= byID(replica.rows)
        replica.rows = []
        request({ type: 'open', stream: replica.stream, query: replica.query })
      }
    },

    showStatus(change) {
      const changed = [...byStream.values()].filter(({ query }) => query.kind === 'status')
      for (const replica of changed)
        replica.value = frozen(change(replica.value as Status | undefined))
      publish(changed)
    }
  }
}

/**
 * A query as text. Equal queries have equal texts. A value that JSON cannot hold becomes `null`, or
 * the query gets an invalid limit, so the engine refuses it.
 */
function nameOf(query: StreamQuery): string {
  try {
    return JSON.stringify(query)
  } catch {
    // Expected: a bigint, or an object that contains itself.
    return JSON.stringify({ kind: query.kind, limit: null })
  }
}
