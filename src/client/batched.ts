/**
 * An endpoint for Comlink that sends the calls of one turn in one message, and takes their answers likewise: thousands of
 * messages would cost either side more than what they ask for.
 */

import type { Endpoint } from 'comlink'
import { groupError, type GroupError } from '../kernel/errors.ts'

type Message = {
  readonly id?: string | undefined
  readonly type?: string
  readonly value?: unknown
}

/** Why arguments cannot be copied. A getter of theirs may throw anything, also what has no text. */
export const notCopied = (error: unknown): GroupError =>
  groupError('IllegalArgument', error instanceof Error ? error.message : 'it cannot be copied')

export function batched(endpoint: Endpoint): Endpoint {
  const listeners = new Set<(event: Event) => void>()
  let calls: Message[] = []

  const hear = (messages: readonly Message[]) => {
    for (const data of messages)
      for (const listener of listeners) listener({ data } as MessageEvent)
  }
  endpoint.addEventListener('message', event => {
    const { data } = event as MessageEvent<Message | Message[]>
    hear(Array.isArray(data) ? data : [data])
  })

  function flush(transfer: Transferable[] = []): void {
    const waiting = calls
    calls = []
    if (waiting.length > 0) endpoint.postMessage(waiting, transfer)
  }

  return {
    postMessage(message: Message, transfer: Transferable[] = []) {
      try {
        // As it is now: callers may go on with their object.
        calls.push(transfer.length > 0 ? message : structuredClone(message))
      } catch (error) {
        // Expected: an argument cannot be copied, a function perhaps.
        return hear([{ id: message.id, type: 'RAW', value: notCopied(error) }])
      }
      if (transfer.length > 0) flush(transfer)
      else if (calls.length === 1) queueMicrotask(() => flush())
    },
    addEventListener: (_type, listener) => void listeners.add(listener as (event: Event) => void),
    removeEventListener: (_type, listener) =>
      void listeners.delete(listener as (event: Event) => void)
  }
}
