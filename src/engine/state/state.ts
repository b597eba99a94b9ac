/**
 * Everything an engine has in memory: base, overlay, outbox and verdicts. It changes in two ways: by writes that are
 * committed, whoever committed them, and by an operation that is about to be.
 */

import type { Decision } from '../../kernel/decision.ts'
import type { Prepared } from '../../kernel/decide.ts'
import { utf8Length } from '../../kernel/limits.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { Commit, Storage, Write } from '../../storage/port.ts'
import { inOrder, type Pending, type Settled } from '../../storage/tables.ts'
import { createBase } from './base.ts'
import { keepLast } from '../views/left.ts'
import { createOverlay } from './overlay.ts'
import { nothingTouched, type Touched } from '../views/touched.ts'

/** Seldom do others commit more often before a commit is answered, or told of; where they do, storage is read again. */
const recentMax = 200
/** As many as a full outbox: an app may ask for their verdicts one after another. */
const trimmedMax = 10_000

export type State = ReturnType<typeof createState>

type StateOptions = {
  readonly storage: Storage
  readonly userID: string
  onDamaged(groupID: string): void
  /** A commit came so late that its place is forgotten: only storage knows what has become of its rows. */
  onLost(): void
}

export function createState({ storage, userID, onDamaged, onLost }: StateOptions) {
  const base = createBase(storage, userID, onDamaged)
  const overlay = createOverlay(base, userID)
  const outbox = new Map<string, Pending>()
  let sorted: Pending[] | undefined
  let outboxBytes = 0
  const verdicts = new Map<string, Settled>()
  /** Verdicts of what succeeded that storage had no room for any more: `settled` still answers them in this run. */
  const trimmed = new Map<string, Verdict>()
  const uncommitted = new Set<string>()
  const recording = new Set<Commit[]>()
  /** The last commits: one that is told of late, or answered, lies beneath those that came after it. */
  const recent: { readonly commitNumber: number; readonly writes: Write[] }[] = []
  /** Up to which commit they are not known any more. */
  let forgottenUpTo = 0
  /** Up to which commit storage was read, and the operations that waited there. */
  let foundUpTo = 0
  let found = new Set<string>()
  let lastReload: Promise<unknown> = Promise.resolve()
  const listeners = new Set<(touched: Touched) => void>()
  let isOver = false
  const waiting = new Map<string, ((verdict: Verdict | undefined) => void)[]>()

  function tell(touched: Touched): void {
    for (const listener of listeners) listener(touched)
  }

  function put(pending: Pending): void {
    const known = outbox.get(pending.opID)
    // The arguments of an operation never change.
    if (!known) outboxBytes += bytesOf(pending)
    outbox.set(pending.opID, pending)
    const last = sorted?.at(-1)
    // Mostly one is asked for after the other.
    if (!known && last && inOrder(last, pending) < 0) sorted?.push(pending)
    else sorted = undefined
  }

  function remove(opID: string): void {
    const known = outbox.get(opID)
    if (!known) return
    outboxBytes -= bytesOf(known)
    outbox.delete(opID)
    overlay.remove(known)
    sorted = undefined
  }

  function absorbOperation(write: Extract<Write, { table: 'outbox' }>, touched: Touched): void {
    if ('empty' in write) {
      // What is not durable yet is not in storage, and still counts.
      for (const opID of outbox.keys()) if (!uncommitted.has(opID)) remove(opID)
    } else if (write.row) {
      // Told of late: it has its verdict, and waits no longer.
      if (verdicts.has(write.id)) return
      put(write.row)
      overlay.insert(write.row)
    } else remove(write.id)
    touched.outbox = true
    touched.status = true
  }

  function absorbVerdict(write: Extract<Write, { table: 'verdicts' }>, touched: Touched): void {
    if ('empty' in write) verdicts.clear()
    else if (write.row) {
      verdicts.set(write.id, write.row)
      answerWaiting(write.id, write.row.verdict)
    } else {
      const verdict = verdicts.get(write.id)?.verdict
      if (verdict?.kind === 'applied') keepLast(trimmed, write.id, verdict, trimmedMax)
      verdicts.delete(write.id)
    }
    touched.verdicts = true
  }

  function answerWaiting(opID: string, verdict: Verdict | undefined): void {
    for (const resolve of waiting.get(opID) ?? []) resolve(verdict)
    waiting.delete(opID)
  }

  /** Keeps a commit in mind, also for a reload that may not have found it; answers what was written after it. */
  function note(commit: Commit): readonly Write[] {
    for (const record of recording) record.push(commit)
    const writes = commit.writes.filter(write => !isCached(write))
    // Mostly it is the last, or shares its number with that.
    const place = recent.findLastIndex(({ commitNumber }) => commitNumber <= commit.commitNumber)
    const same = recent[place]?.commitNumber === commit.commitNumber ? recent[place] : undefined
    if (same) for (const write of writes) same.writes.push(write)
    else recent.splice(place + 1, 0, { commitNumber: commit.commitNumber, writes })
    const later = recent.filter(({ commitNumber }) => commitNumber > commit.commitNumber)
    if (commit.commitNumber <= forgottenUpTo) onLost()
    if (recent.length > recentMax)
      forgottenUpTo = Math.max(forgottenUpTo, recent.shift()?.commitNumber ?? 0)
    return later.flatMap(({ writes }) => writes)
  }

  /** Takes in what is committed, whoever tells of it, and when. */
  function absorb(commit: Commit): void {
    take(
      commit.commitNumber > foundUpTo
        ? [...commit.writes, ...note(commit)]
        : commit.writes.filter(isCached)
    )
  }

  function take(writes: readonly Write[]): void {
    const touched = nothingTouched()
    for (const write of writes) {
      if (write.table === 'outbox') absorbOperation(write, touched)
      else if (write.table === 'verdicts') absorbVerdict(write, touched)
      else base.absorb(write, touched)
    }
    overlay.rebase(touched)
    tell(touched)
  }

  return {
    base,
    overlay,
    outbox: outbox as ReadonlyMap<string, Pending>,
    outboxBytes: () => outboxBytes,
    /** What is in the outbox, in order. */
    operations: (): readonly Pending[] => (sorted ??= [...outbox.values()].sort(inOrder)),
    verdicts: verdicts as ReadonlyMap<string, Settled>,

    listen(listener: (touched: Touched) => void): void {
      listeners.add(listener)
    },
    tell,

    absorb,

    /** Operations that are shown already and not yet durable. */
    uncommitted: uncommitted as ReadonlySet<string>,

    /** Shows an operation that is about to be committed. */
    show(pending: Pending, prepared: Prepared, decision: Decision): void {
      const touched = { ...nothingTouched(), outbox: true, status: true }
      uncommitted.add(pending.opID)
      put(pending)
      overlay.append(pending, prepared, decision, touched)
      tell(touched)
    },

    /** The operation is durable. */
    confirm(pending: Pending, commit: Commit): void {
      uncommitted.delete(pending.opID)
      // Storage was read after that, and had it no more.
      if (commit.commitNumber <= foundUpTo && !found.has(pending.opID))
        take([removal(pending.opID)])
      // It is shown already.
      else if (commit.writes.length === 1 && outbox.get(pending.opID) === pending) note(commit)
      else absorb(commit)
    },

    /**
     * Takes over what `read` finds in storage; what is committed while it reads counts as well. One after another: what
     * is found first must not replace what is found later.
     */
    reload(read: () => Promise<Commit>): Promise<void> {
      const turn = lastReload.then(async () => {
        const meanwhile: Commit[] = []
        recording.add(meanwhile)
        const stored = await read().finally(() => recording.delete(meanwhile))
        foundUpTo = stored.commitNumber
        found = new Set(
          stored.writes.flatMap(write =>
            write.table === 'outbox' && 'id' in write ? write.id : []
          )
        )
        const later = meanwhile
          .filter(({ commitNumber }) => commitNumber > foundUpTo)
          .sort((a, b) => a.commitNumber - b.commitNumber)
        take([
          { table: 'groups', scope: '', empty: true },
          { table: 'outbox', scope: '', empty: true },
          { table: 'verdicts', scope: '', empty: true },
          { table: 'notices', scope: '', empty: true },
          { table: 'undelivered', scope: '', empty: true },
          ...stored.writes,
          ...later.flatMap(({ writes }) => writes)
        ])
        // Of what is gone without a verdict, another tab has dismissed that.
        for (const opID of [...waiting.keys()])
          if (!outbox.has(opID)) answerWaiting(opID, undefined)
      })
      lastReload = turn.catch(() => undefined)
      return turn
    },

    answerWaiting,

    /** The operation could not be made durable: it never was. */
    retract({ opID }: Pending): void {
      uncommitted.delete(opID)
      take([removal(opID)])
    },

    /** Nobody learns of verdicts any more. */
    endWaiting(): void {
      isOver = true
      for (const opID of [...waiting.keys()]) answerWaiting(opID, undefined)
    },

    /** `undefined`: nobody knows of it, or not any more. */
    verdictOf(opID: string): Promise<Verdict | undefined> | undefined {
      const verdict = verdicts.get(opID)?.verdict ?? trimmed.get(opID)
      if (verdict) return Promise.resolve(verdict)
      if (isOver || !outbox.has(opID)) return undefined
      return new Promise(resolve => waiting.set(opID, [...(waiting.get(opID) ?? []), resolve]))
    }
  }
}

/** Rows of which only some are in memory, read scope by scope. */
const isCached = ({ table }: Write): boolean => table === 'members' || table === 'tips'

const removal = (opID: string): Write => ({ table: 'outbox', scope: '', id: opID, row: null })

/** Bytes of JSON, in UTF-8. */
export const bytesOf = ({ args }: Pick<Pending, 'args'>): number => utf8Length(JSON.stringify(args))
