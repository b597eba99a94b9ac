/** What the UI thread of a tab has been sent, and whether it ever flickered. */

import {
  editRow,
  rowID,
  type Engine,
  type Group,
  type Member,
  type Notice,
  type Patch,
  type PendingOperation,
  type StreamQuery,
  type StreamRow,
  type Status,
  type VerdictEntry
} from '../../src/engine/api.ts'

export type Shown<R = StreamRow> = {
  readonly query: StreamQuery
  readonly rows: Map<string, R>
  readonly ids: string[]
  value: StreamRow | Status | null
  isOpen: boolean
}
export type Screen = ReturnType<typeof createScreen>

export type ScreenEvents = {
  /** A group, or who is in it, is shown otherwise than before. */
  onGroup(groupID: string): void
  onNotices(): void
  onStatus(status: Status): void
  onFlicker(detail: string): void
  /** Whether the user asks for that name in this very step, perhaps after another one. */
  isAsked(groupID: string, name: string): boolean
  /** Which step it is. */
  steps(): number
}

export function createScreen(
  engine: Engine,
  { onGroup, onNotices, onStatus, onFlicker, isAsked, steps }: ScreenEvents
) {
  const byStream = new Map<number, Shown>()
  const byName = new Map<string, number>()
  /** What groups were called earlier in the same step. */
  const gone = new Map<string, Set<string>>()
  let step = 0
  let streamCount = 0
  const streams = engine.openStreams(frame => {
    for (const [stream, patch] of frame.patches) {
      const shown = byStream.get(stream)
      if (shown) take(shown, patch)
    }
    void Promise.resolve().then(() => streams.request({ type: 'received', version: frame.version }))
  })

  function open(query: StreamQuery): Shown {
    const name = JSON.stringify(query)
    const known = byName.get(name)
    const shown = known === undefined ? undefined : byStream.get(known)
    if (shown) return shown
    const fresh: Shown = { query, rows: new Map(), ids: [], value: null, isOpen: false }
    const stream = streamCount++
    byName.set(name, stream)
    byStream.set(stream, fresh)
    streams.request({ type: 'open', stream, query })
    return fresh
  }

  function take(shown: Shown, patch: Patch): void {
    const { query } = shown
    shown.isOpen = true
    if (patch.kind === 'value') {
      shown.value = patch.value
      if (query.kind === 'status') onStatus(patch.value as Status)
      else if (query.kind === 'group') onGroup(query.groupID)
      return
    }
    if (patch.kind === 'error') {
      // It may be asked for again.
      shown.isOpen = false
      byName.delete(JSON.stringify(query))
      return
    }
    for (const [from, to, row] of patch.edits) {
      const id = row ? rowID(row) : shown.ids[from]
      if (id === undefined) continue
      editRow(shown.ids, [from, to, id])
      if (row && query.kind === 'groups') look(shown, row as Group)
      if (row) shown.rows.set(id, row)
      if (to < 0) shown.rows.delete(id)
      if (query.kind === 'groups') onGroup(id)
    }
    if (query.kind === 'members') onGroup(query.groupID)
    if (query.kind === 'notices') onNotices()
  }

  /** A name that has gone does not come back in the same breath. */
  function look(shown: Shown, { groupID, name }: Group): void {
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

  return {
    // Whoever asks knows what rows a query has.
    groups: groups as unknown as Shown<Group>,
    outbox: outbox as unknown as Shown<PendingOperation>,
    verdicts: verdicts as unknown as Shown<VerdictEntry>,
    notices: notices as unknown as Shown<Notice>,
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
