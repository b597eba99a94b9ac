/**
 * The outbox in memory: pending operations by ID and in order, durable or about to be.
 *
 * Each operation has its own row, push and verdict, even if the next one sets the same fields.
 * Coalescing them would save a few small frames after several offline edits of one field, but would
 * put several IDs under one verdict in storage, on the wire and on the server.
 */

import { lastOf } from '../../kernel/model.ts'
import { utf8Length } from '../../kernel/limits.ts'
import { inOrder, type Pending } from '../../storage/tables.ts'
import { outboxBytesMax, outboxOperationsMax, unansweredMax } from '../limits.ts'

type Arguments = Pick<Pending, 'args'>

export function createOutbox() {
  const rows = new Map<string, Pending>()
  const uncommitted = new Set<string>()
  let sorted: Pending[] | undefined
  let bytes = 0

  function put(pending: Pending): void {
    const isNew = !rows.has(pending.opID)
    // The arguments of an operation never change.
    if (isNew) bytes += bytesOf(pending)
    rows.set(pending.opID, pending)
    const last = sorted && lastOf(sorted)
    // Usually the new operation comes last. Sorting for each one would cost more and more.
    if (isNew && last && inOrder(last, pending) < 0) sorted?.push(pending)
    else sorted = undefined
  }

  const ordered = (): readonly Pending[] => (sorted ??= [...rows.values()].sort(inOrder))

  return {
    rows: rows as ReadonlyMap<string, Pending>,
    /** Only durable operations may be sent. */
    isDurable: (opID: string): boolean => !uncommitted.has(opID),
    /** In the order in which they were enqueued. */
    inOrder: ordered,
    /**
     * The first operations without a verdict. No other operation is sent, so these contain all that
     * a server may have judged, also after a restart or in another tab.
     */
    first: (): readonly Pending[] =>
      ordered()
        .filter(({ applied }) => !applied)
        .slice(0, unansweredMax),
    hasRoomFor: (operation: Arguments): boolean =>
      rows.size < outboxOperationsMax && bytes + bytesOf(operation) <= outboxBytesMax,

    put,
    putUncommitted(pending: Pending): void {
      uncommitted.add(pending.opID)
      put(pending)
    },
    /** The commit of the operation has succeeded or failed. */
    endCommit: (opID: string) => uncommitted.delete(opID),

    /** Returns the removed operation. */
    remove(opID: string): Pending | undefined {
      const pending = rows.get(opID)
      if (!pending) return undefined
      bytes -= bytesOf(pending)
      rows.delete(opID)
      sorted = undefined
      return pending
    }
  }
}

/** Bytes of JSON, in UTF-8. */
const bytesOf = ({ args }: Arguments): number => utf8Length(JSON.stringify(args))
