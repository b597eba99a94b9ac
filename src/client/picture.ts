/**
 * Shows what was shown last until the engine answers, and keeps what is shown now for the next time: reading one record
 * takes a fraction of what a worker takes to start. What counts as kept, `storage/picture.ts` decides.
 */

import type { List, Row } from '../engine/api.ts'
import { databaseName, keepPicture, markPicture, readPicture } from '../storage/picture.ts'
import type { StreamClient } from './streams.ts'

/** The journal is folded five seconds after the last change. */
const quietMs = 6000
const againMs = 1000
const triesMax = 10
/** Whatever was committed is shown by then. */
const shownWithinMs = 200
/** In characters. */
const lengthMax = 1_500_000

export type PictureKeeper = {
  /** Something is shown that was not. */
  changed(): void
  end(): void
}

export function createPictureKeeper(
  location: { readonly url: string; readonly userID: string },
  streams: StreamClient
): PictureKeeper {
  const name = databaseName(location)
  const over = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let changes = 0
  let changedAt = 0

  void readPicture(name).then(text => {
    if (text !== undefined && !over.signal.aborted) streams.show(listsIn(text))
  })

  function wait(ms: number, tries = 0): void {
    timer = setTimeout(() => {
      const leftMs = quietMs - (performance.now() - changedAt)
      if (leftMs > 0) return wait(leftMs)
      timer = undefined
      void keep(tries, changes)
    }, ms)
  }

  async function keep(tries: number, before: number): Promise<void> {
    const isOutdated = () => over.signal.aborted || changes !== before
    const mark = await markPicture(name)
    if (isOutdated()) return
    if (mark === undefined) return tries < triesMax ? wait(againMs, tries + 1) : undefined
    await pause(shownWithinMs)
    const lists: string[] = []
    let length = 0
    for (const { query, value, isCurrent } of streams.shown()) {
      if (!isCurrent || (query.kind !== 'groups' && query.kind !== 'members')) continue
      // One list at a time: a page may have hundreds, and has other things to do.
      await pause(0)
      if (isOutdated()) return
      const list = `[${JSON.stringify(JSON.stringify(query))},${JSON.stringify(value)}]`
      length += list.length
      if (length > lengthMax) break
      lists.push(list)
    }
    if (!isOutdated()) await keepPicture(name, { mark, text: `[${lists.join()}]` })
  }

  return {
    changed() {
      changes++
      changedAt = performance.now()
      if (timer === undefined) wait(quietMs)
    },
    end() {
      over.abort()
      clearTimeout(timer)
    }
  }
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** By query. Storage may hold what a damaged disk or somebody else has left there: what is no list of rows is left out. */
function listsIn(text: string): Map<string, List<Row>> {
  try {
    const entries: unknown = JSON.parse(text)
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : [])
  } catch {
    return new Map()
  }
}

function isEntry(entry: unknown): entry is [string, List<Row>] {
  const [query, list] = Array.isArray(entry) ? (entry as [unknown, Partial<List<unknown>> | null]) : []
  if (typeof query !== 'string' || !Array.isArray(list?.rows) || typeof list.total !== 'number') return false
  return list.rows.every(row => typeof row === 'object' && row !== null && typeof Reflect.get(row, 'groupID') === 'string')
}
