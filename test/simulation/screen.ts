/** The rows that the UI thread of a tab has received, and the check for flicker. */

import type {
  Engine,
  Group,
  Member,
  Notice,
  PendingOperation,
  Status,
  VerdictEntry
} from '../../src/engine/api.ts'
import type { EntriesRow } from '../../src/kernel/model.ts'
import {
  editRow,
  rowID,
  type Patch,
  type StreamQuery,
  type StreamRow,
  type StreamValue
} from '../../src/engine/stream-api.ts'

export type Shown<R = StreamRow> = {
  readonly query: StreamQuery
  readonly rows: Map<string, R>
  readonly ids: string[]
  value: StreamValue
  isOpen: boolean
  /** The time of the first row. */
  shownSinceMs: number
}
export type Screen = ReturnType<typeof createScreen>

export type ScreenEvents = {
  /** The shown group or its members have changed. */
  onGroup(groupID: string): void
  onNotices(): void
  onStatus(status: Status): void
  onFlicker(detail: string): void
  /** Whether the user sets that name in this step, perhaps after another one. */
  isAsked(groupID: string, name: string): boolean
  /** The number of the step. */
  steps(): number
  now(): number
}

export function createScreen(
  engine: Engine,
  { onGroup, onNotices, onStatus, onFlicker, isAsked, steps, now }: ScreenEvents
) {
  const byStream = new Map<number, Shown>()
  const byName = new Map<string, number>()
  /** The names that groups had earlier in the same step. */
  const gone = new Map<string, Set<string>>()
  let step = 0
  let streamCount = 0
  const streams = engine.openStreams(frame => {
    for (const [stream, patch] of frame.patches) {
      const shown = byStream.get(stream)
      if (shown) applyPatch(shown, patch)
    }
    void Promise.resolve().then(() => streams.request({ type: 'received', version: frame.version }))
  })

  function open(query: StreamQuery): Shown {
    const name = JSON.stringify(query)
    const known = byName.get(name)
    const shown = known === undefined ? undefined : byStream.get(known)
    if (shown) return shown
    const fresh: Shown = {
      ...{ query, rows: new Map(), ids: [], value: null, isOpen: false },
      shownSinceMs: Infinity
    }
    const stream = streamCount++
    byName.set(name, stream)
    byStream.set(stream, fresh)
    streams.request({ type: 'open', stream, query })
    return fresh
  }

  function applyPatch(shown: Shown, patch: Patch): void {
    const { query } = shown
    shown.isOpen = true
    shown.shownSinceMs = Math.min(shown.shownSinceMs, now())
    if (patch.kind === 'value') {
      shown.value = patch.value
      if (query.kind === 'status') onStatus(patch.value as Status)
      else if (query.kind === 'group') onGroup(query.groupID)
      return
    }
    if (patch.kind === 'error') {
      // A tab may open the query again.
      shown.isOpen = false
      shown.shownSinceMs = Infinity
      byName.delete(JSON.stringify(query))
      return
    }
    for (const [from, to, row] of patch.edits) {
      const id = row ? rowID(row) : shown.ids[from]
      if (id === undefined) continue
      editRow(shown.ids, [from, to, id])
      if (row && query.kind === 'groups') checkName(shown, row as Group)
      if (row) shown.rows.set(id, row)
      if (to < 0) shown.rows.delete(id)
      if (query.kind === 'groups' || query.kind === 'attributes' || query.kind === 'counters')
        onGroup(id)
    }
    if (query.kind === 'members') onGroup(query.groupID)
    if (query.kind === 'notices') onNotices()
  }

  /** I9: a replaced name does not appear again in the same step. */
  function checkName(shown: Shown, { groupID, name }: Group): void {
    const before = (shown.rows.get(groupID) as Group | undefined)?.name
    if (before === undefined || before === name) return
    if (step !== steps()) gone.clear()
    step = steps()
    const left = gone.get(groupID) ?? new Set<string>()
    gone.set(groupID, left.add(before))
    if (left.has(name) && !isAsked(groupID, name))
      onFlicker(`${groupID} is called ${name} again, after ${before}`)
  }

  const groups = open({ kind: 'groups' })
  const outbox = open({ kind: 'outbox' })
  const verdicts = open({ kind: 'verdicts' })
  const notices = open({ kind: 'notices' })
  const status = open({ kind: 'status' })
  const attributes = open({ kind: 'attributes' })
  const counters = open({ kind: 'counters' })

  return {
    // The caller knows the type of a query's rows.
    groups: groups as unknown as Shown<Group>,
    outbox: outbox as unknown as Shown<PendingOperation>,
    verdicts: verdicts as unknown as Shown<VerdictEntry>,
    notices: notices as unknown as Shown<Notice>,
    attributes: attributes as unknown as Shown<EntriesRow>,
    counters: counters as unknown as Shown<EntriesRow>,
    status: () => status.value as Status | null,
    open,
    close(query: StreamQuery): void {
      const name = JSON.stringify(query)
      const stream = byName.get(name)
      if (stream === undefined) return
      byName.delete(name)
      byStream.delete(stream)
      streams.request({ type: 'close', stream })
    },
    member(groupID: string): { group: Shown | undefined; members: Shown<Member> | undefined } {
      const find = (query: StreamQuery) => byStream.get(byName.get(JSON.stringify(query)) ?? -1)
      return {
        group: find({ kind: 'group', groupID }),
        members: find(membersOf(groupID)) as unknown as Shown<Member> | undefined
      }
    }
  }
}

export const membersOf = (groupID: string): StreamQuery => ({
  kind: 'members',
  groupID,
  offset: 0,
  limit: 100
})
