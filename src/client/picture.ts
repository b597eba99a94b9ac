/**
 * Shows what was shown last until the engine answers, and keeps what is shown now for the next time: reading one record
 * takes a fraction of what a worker takes to start. What counts as kept, `storage/picture.ts` decides.
 */

import type { List, Row } from '../engine/api.ts'
import { isShallow } from '../kernel/shallow.ts'
import { databaseName } from '../storage/database.ts'
import { openPictures } from '../storage/picture.ts'
import type { StreamClient } from './streams.ts'

/** The journal is folded five seconds after the last change. */
const quietMs = 6000
const againMs = 1000
const triesMax = 10
/** Whatever was committed is shown by then. */
const shownWithinMs = 200
/** In characters. */
const lengthMax = 1_500_000

export function createPictureKeeper(
  location: { readonly url: string; readonly userID: string },
  streams: StreamClient
) {
  const pictures = openPictures(databaseName(location))
  let timer: ReturnType<typeof setTimeout> | undefined
  let changes = 0
  let changedAt = 0
  /** What the last picture was made of; values never change, others take their place. */
  let kept: { readonly mark: number; readonly values: readonly unknown[] } = { mark: 0, values: [] }

  void pictures.read().then(text => text !== undefined && streams.show(listsIn(text)))

  function wait(ms: number, tries = 0): void {
    timer = setTimeout(() => {
      const leftMs = quietMs - (performance.now() - changedAt)
      if (leftMs > 0) return wait(leftMs)
      timer = undefined
      void keep(tries, changes)
    }, ms)
  }

  async function keep(tries: number, before: number): Promise<void> {
    const mark = await pictures.mark()
    if (changes !== before) return
    if (mark === undefined) return tries < triesMax ? wait(againMs, tries + 1) : undefined
    await pause(shownWithinMs)
    const shown = [...streams.shown()].filter(
      ({ query, isCurrent }) => isCurrent && isList(query.kind)
    )
    const values = shown.map(({ value }) => value)
    const isKept =
      mark === kept.mark &&
      values.length === kept.values.length &&
      values.every((each, at) => each === kept.values[at])
    // A tab that shows no list leaves the picture of another.
    if (isKept || values.length === 0) return
    const lists: string[] = []
    let length = 0
    for (const { query, value } of shown) {
      // One list at a time: a page may have hundreds, and has other things to do.
      await pause(0)
      if (changes !== before) return
      const list = `[${JSON.stringify(JSON.stringify(query))},${JSON.stringify(value)}]`
      if (length + list.length > lengthMax) continue
      length += list.length
      lists.push(list)
    }
    await pictures.keep({ mark, text: `[${lists.join()}]` })
    kept = { mark, values }
  }

  return {
    /** There is a frame: what was about to be kept may be outdated. */
    changed(): void {
      changes++
      changedAt = performance.now()
      if (timer === undefined) wait(quietMs)
    },
    end(): void {
      // Whatever is under way is outdated.
      changes++
      clearTimeout(timer)
      pictures.close()
    }
  }
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

const isList = (kind: unknown) => kind === 'groups' || kind === 'members'

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

/** What each row that is listed has as text; the engine says soon enough what the rest has to be. */
function isRow(row: unknown): boolean {
  if (typeof row !== 'object' || row === null || !isShallow(row)) return false
  const { groupID, name, nameCard } = row as {
    groupID?: unknown
    name?: unknown
    nameCard?: unknown
  }
  return typeof groupID === 'string' && typeof (name ?? nameCard) === 'string'
}
