/** Sends pending operations in order. Each names the operation before it in its lane. */

import { lastOf } from '../../kernel/model.ts'
import type { Pending } from '../../storage/tables.ts'
import { frameLimits, type PushedOperation } from '../../protocol/messages.ts'
import type { Host } from '../host.ts'
import type { State } from '../state/state.ts'
import type { Time } from '../state/time.ts'
import type { Connection } from './connection.ts'
import { backoffMs } from './schedule.ts'

type PushOptions = {
  readonly host: Host
  readonly state: State
  readonly time: Time
  readonly connection: Connection
}

export function createPush({ host, state: { outbox }, time, connection }: PushOptions) {
  /** Sent over this connection, without a verdict yet. */
  const sent = new Set<string>()
  /** Sent, and not judged: the server has requested them again. */
  const postponed = new Set<string>()
  let isPlanned = false

  function push(): void {
    if (!connection.isOnline()) return
    const batch = nextOperations()
    for (const operations of pushFrames(batch)) connection.ask({ type: 'push', operations })
  }

  function nextOperations(): PushedOperation[] {
    const lastOfLane = new Map<string, string>()
    const batch: PushedOperation[] = []
    // An operation must not overtake an earlier one in its lane that is not durable yet, or that
    // the server has requested again.
    const blockedLanes = new Set<string>()
    for (const pending of outbox.first()) {
      const { opID, groupID } = pending
      if (!outbox.isDurable(opID) || postponed.has(opID)) blockedLanes.add(groupID)
      if (blockedLanes.has(groupID)) continue
      const after = lastOfLane.get(groupID)
      lastOfLane.set(groupID, opID)
      // If the server has its verdict already, a later operation that names it would be judged, even
      // if those before it are not.
      if (pending.isRepeated) blockedLanes.add(groupID)
      if (sent.has(opID)) continue
      sent.add(opID)
      batch.push(pushedOperation(pending, after))
    }
    return batch
  }

  function forget(opID: string): void {
    sent.delete(opID)
    postponed.delete(opID)
  }

  const pushedOperation = (pending: Pending, after: string | undefined): PushedOperation => ({
    opID: pending.opID,
    name: pending.name,
    args: pending.args,
    groupID: pending.groupID,
    seen: pending.seen,
    waitedSeconds: time.waitedSeconds(pending),
    ...(after !== undefined && { after })
  })

  return {
    push,
    /** Sends the operations of one microtask in one push. */
    pushSoon(): void {
      if (!connection.isOnline()) return connection.trySoon()
      if (isPlanned) return
      isPlanned = true
      void Promise.resolve().then(() => {
        isPlanned = false
        push()
      })
    },
    /**
     * Resends after a while, as the server requests. An operation sent twice gets one verdict.
     *
     * The delay is that before a first reconnect, up to 1 s: if the database of the server fails,
     * the server requests this of all its clients at once.
     */
    resend(opIDs: readonly string[]): void {
      if (opIDs.length === 0) return
      for (const opID of opIDs) postponed.add(opID)
      const send = () => {
        for (const opID of opIDs) forget(opID)
        push()
      }
      host.setTimer(send, backoffMs(1, host.random()))
    },
    settled: forget,
    /** Call it when the connection is lost. All operations are sent over the next one. */
    lost(): void {
      sent.clear()
      postponed.clear()
    }
  }
}

/** Cuts a batch into frames that a server accepts. */
function pushFrames(operations: readonly PushedOperation[]): PushedOperation[][] {
  const frames: PushedOperation[][] = []
  let room = 0
  for (const operation of operations) {
    const { length } = JSON.stringify(operation)
    const last = lastOf(frames)
    if (last && length <= room && last.length < frameLimits.operationsPerPushMax) {
      last.push(operation)
      room -= length
    } else {
      frames.push([operation])
      room = frameLimits.pushLength - length
    }
  }
  return frames
}
