/**
 * Shows the cached first paint until the engine answers, and caches the lists on the screen for the
 * next start. Reading one record is much faster than starting a worker.
 */

import type { List, StreamRow } from '../engine/stream-api.ts'
import { isShallow } from '../kernel/shallow.ts'
import { databaseName, type OnDataLoss } from '../storage/database.ts'
import { openPaintCache } from '../storage/paint-cache.ts'
import type { StreamClient } from './streams.ts'

/** Longer than the 5 s after which storage writes a checkpoint, which outdates a cached paint. */
const quietMs = 6000
const retryMs = 1000
const retriesMax = 10
/** The engine sends a patch within this time after a commit. */
const patchWithinMs = 200
const textLengthMax = 1_500_000

export function createPaintKeeper(
  location: { readonly url: string; readonly userID: string },
  streams: StreamClient,
  onDataLoss: OnDataLoss
) {
  const cache = openPaintCache(databaseName(location), onDataLoss)
  let timer: ReturnType<typeof setTimeout> | undefined
  let changeCount = 0
  let changedAtMs = 0
  /** The values of the last paint. Values are immutable, so equal references mean equal content. */
  let cached: { readonly commitNumber: number; readonly values: readonly unknown[] } = {
    commitNumber: 0,
    values: []
  }

  void cache.read().then(text => text !== undefined && streams.showEarlier(parseLists(text)))

  function schedule(delayMs: number, retries = 0): void {
    timer = setTimeout(() => {
      const leftMs = quietMs - (performance.now() - changedAtMs)
      if (leftMs > 0) return schedule(leftMs)
      timer = undefined
      void keep(retries, changeCount)
    }, delayMs)
  }

  async function keep(retries: number, changeCountBefore: number): Promise<void> {
    const commitNumber = await cache.checkpointedCommit()
    if (changeCount !== changeCountBefore) return
    if (commitNumber === undefined)
      return retries < retriesMax ? schedule(retryMs, retries + 1) : undefined
    await pause(patchWithinMs)
    // The query of an empty list of members may name a group that the user has left.
    const shown = [...streams.shown()].filter(
      ({ query, value, isCurrent }) =>
        isCurrent && isList(query.kind) && !(query.kind === 'members' && isEmpty(value))
    )
    const values = shown.map(({ value }) => value)
    const isCached =
      commitNumber === cached.commitNumber &&
      values.length === cached.values.length &&
      values.every((value, index) => value === cached.values[index])
    // A tab that shows no list keeps the paint of another tab.
    if (isCached || values.length === 0) return
    const lists: string[] = []
    let length = 0
    for (const { query, value } of shown) {
      // One list per task: hundreds of lists in one task would delay input.
      await pause(0)
      if (changeCount !== changeCountBefore) return
      const list = `[${JSON.stringify(JSON.stringify(query))},${JSON.stringify(value)}]`
      if (length + list.length > textLengthMax) continue
      length += list.length
      lists.push(list)
    }
    await cache.write({ commitNumber, text: `[${lists.join()}]` })
    cached = { commitNumber, values }
  }

  return {
    /** A frame has arrived, so a paint in preparation may be outdated. */
    changed(): void {
      changeCount++
      changedAtMs = performance.now()
      if (timer === undefined) schedule(quietMs)
    },
    suspend: cache.release,
    end(): void {
      // Stops a paint in preparation.
      changeCount++
      clearTimeout(timer)
      cache.close()
    }
  }
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

const isEmpty = (value: unknown) => (value as List<StreamRow>).rows.length === 0

const isList = (kind: unknown) => kind === 'groups' || kind === 'members'

/** Lists by query. The disk may be damaged, so anything but lists of rows is left out. */
function parseLists(text: string): Map<string, List<StreamRow>> {
  try {
    const entries: unknown = JSON.parse(text)
    return new Map(Array.isArray(entries) ? entries.filter(isQueryWithList) : [])
  } catch {
    return new Map()
  }
}

function isQueryWithList(entry: unknown): entry is [query: string, list: List<StreamRow>] {
  if (!Array.isArray(entry)) return false
  const [query, list] = entry as [unknown, Partial<List<unknown>> | null]
  if (typeof query !== 'string' || !isList((JSON.parse(query) as { kind?: unknown } | null)?.kind))
    return false
  const { rows, total, complete } = list ?? {}
  return (
    typeof total === 'number' &&
    typeof complete === 'boolean' &&
    Array.isArray(rows) &&
    rows.every(isRow)
  )
}

/** Checks the fields that every list renders as text. The engine soon replaces all rows. */
function isRow(row: unknown): boolean {
  if (typeof row !== 'object' || row === null || !isShallow(row)) return false
  const { groupID, name, nameCard } = row as {
    groupID?: unknown
    name?: unknown
    nameCard?: unknown
  }
  return typeof groupID === 'string' && typeof (name ?? nameCard) === 'string'
}
