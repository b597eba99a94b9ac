/**
 * The memory of an engine: base rows, overlay, outbox and verdicts. It is changed by writes that
 * this or another tab has committed, and by an operation that is about to be committed.
 */

import type { Decision } from '../../kernel/decision.ts'
import type { Prepared, Result } from '../../kernel/decide.ts'
import type { Commit, Storage, Write } from '../../storage/port.ts'
import type { Pending } from '../../storage/tables.ts'
import type { CommitMessage } from '../host.ts'
import { createBase, type Damage } from './base.ts'
import { createCommitOrder } from './commit-order.ts'
import { createOutbox } from './outbox.ts'
import { createOverlay } from './overlay.ts'
import { databaseIDOf } from './database-id.ts'
import { emptyingAll } from './stored.ts'
import { nothingTouched, type Touched } from './touched.ts'
import { createVerdicts } from './verdicts.ts'

export type StateEvent =
  | { readonly type: 'changed'; readonly touched: Touched }
  | { readonly type: 'damaged'; readonly damage: Damage }
  /** A commit was reported too late to be ordered: only storage knows the current rows. */
  | { readonly type: 'orderLost' }

export type State = ReturnType<typeof createState>

type StateOptions = {
  readonly storage: Storage
  readonly userID: string
  onEvent(event: StateEvent): void
}

export function createState({ storage, userID, onEvent }: StateOptions) {
  const base = createBase(storage, userID, damage => onEvent({ type: 'damaged', damage }))
  const overlay = createOverlay(base, userID)
  const outbox = createOutbox()
  const verdicts = createVerdicts(opID => outbox.rows.has(opID))
  const order = createCommitOrder()
  let version = 0
  /** Of the database whose rows are in memory. Only a full read changes it. */
  let databaseID: string | undefined
  /** Operations in the outbox of storage at the last full read. */
  let storedOperations = new Set<string>()
  let lastReplace: Promise<unknown> = Promise.resolve()

  /** Returns the version of the frame that shows the change. */
  function publish(touched: Touched): number {
    version++
    onEvent({ type: 'changed', touched })
    return version
  }

  function applyWrites(writes: readonly Write[]): void {
    const touched = nothingTouched()
    databaseID ??= databaseIDOf(writes)
    for (const write of writes) {
      if (write.table === 'outbox') applyOperation(write, touched)
      else if (write.table === 'verdicts') applyVerdict(write, touched)
      else base.applyWrite(write, touched)
    }
    overlay.rebase(touched)
    publish(touched)
  }

  function applyOperation(write: Extract<Write, { table: 'outbox' }>, touched: Touched): void {
    if ('empty' in write) {
      // An operation that is not durable yet is missing in storage, but stays in memory.
      for (const opID of outbox.rows.keys()) if (outbox.isDurable(opID)) forget(opID)
    } else if (write.row) {
      // A commit reported late: the operation is settled already.
      if (verdicts.rows.has(write.id)) return
      outbox.put(write.row)
      overlay.insert(write.row)
    } else forget(write.id)
    touched.outbox = true
    touched.status = true
  }

  function forget(opID: string): void {
    const pending = outbox.remove(opID)
    if (pending) overlay.remove(pending)
  }

  function applyVerdict(write: Extract<Write, { table: 'verdicts' }>, touched: Touched): void {
    if ('empty' in write) verdicts.clear()
    else if (write.row) verdicts.put(write.id, write.row)
    else verdicts.remove(write.id)
    touched.verdicts = true
  }

  const isHeld = ({ table, scope }: Write): boolean =>
    (table === 'members' || table === 'tips') && base[table].holds(scope)

  function applyCommit(commit: Commit): void {
    const { writes, isOrderLost, outdated } = order.add(commit)
    applyWrites(writes)
    if (isOrderLost || outdated.some(isHeld)) onEvent({ type: 'orderLost' })
  }

  return {
    base,
    overlay,
    outbox,
    verdicts,
    version: () => version,
    publish,
    applyCommit,
    /** Whether the last full read contains all commits up to this number. */
    hasRead: (commitNumber: number): boolean => order.wasRead({ commitNumber }),
    lastCommitNumber: order.last,
    databaseID: () => databaseID,
    commitMessage: (commit: Commit): CommitMessage => commitMessage(commit, databaseID),
    forgetCommitNumbers: order.restart,

    /** Shows an operation that is about to be committed. Returns the version of its frame. */
    show(pending: Pending, prepared: Prepared, decision: Decision<Result>): number {
      const touched = { ...nothingTouched(), outbox: true, status: true }
      outbox.putUncommitted(pending)
      overlay.append(pending, prepared, decision, touched)
      return publish(touched)
    },

    /** Marks an operation that is shown as durable. */
    confirm(pending: Pending, commit: Commit): void {
      outbox.endCommit(pending.opID)
      if (order.wasRead(commit)) {
        // It was settled, and its verdict dismissed, before storage was read.
        if (!storedOperations.has(pending.opID)) applyWrites([removal(pending)])
        return
      }
      const isShown = commit.writes.length === 1 && outbox.rows.get(pending.opID) === pending
      if (!isShown) return applyCommit(commit)
      // The operation is shown already, so only its order counts.
      if (order.add(commit).isOrderLost) onEvent({ type: 'orderLost' })
    },

    /** Applies verdicts whose database is, or will be, removed: no commit may follow. */
    settle: applyWrites,

    /** Removes an operation that could not be stored. */
    retract(pending: Pending): void {
      outbox.endCommit(pending.opID)
      applyWrites([removal(pending)])
    },

    /**
     * Replaces memory by the rows that `read` returns and by newer commits. Calls run one after
     * another: an earlier read must not replace a later one.
     */
    replace(read: () => Promise<Commit>): Promise<void> {
      const work = lastReplace.then(async () => {
        const reading = order.beginRead()
        let stored: Commit
        try {
          stored = await read()
        } catch (error) {
          reading.abort()
          throw error
        }
        storedOperations = new Set(stored.writes.flatMap(operationID))
        // Storage may have stored an operation without an answer. It blocks its lane no longer.
        storedOperations.forEach(outbox.endCommit)
        databaseID = undefined
        applyWrites([...emptyingAll, ...reading.finish(stored)])
        verdicts.abandonUnknown()
      })
      lastReplace = work.catch(() => undefined)
      return work
    }
  }
}

export const commitMessage = (commit: Commit, databaseID: string | undefined): CommitMessage => ({
  type: 'committed',
  ...(databaseID !== undefined && { databaseID }),
  commits: [commit]
})

const operationID = (write: Write): string | [] =>
  write.table === 'outbox' && 'id' in write ? write.id : []

const removal = ({ opID }: Pending): Write => ({
  table: 'outbox',
  scope: '',
  id: opID,
  row: null
})
