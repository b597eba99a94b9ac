/**
 * An endpoint for Comlink, for either end of a worker. The messages of one microtask are posted as
 * one list, because posting thousands of messages costs more than handling their contents.
 */

import type { Endpoint } from 'comlink'

export function batched(endpoint: Endpoint): Endpoint {
  const listeners = new Set<(event: Event) => void>()
  let queued: unknown[] = []

  endpoint.addEventListener('message', event => {
    const { data } = event as MessageEvent<unknown>
    const messages: readonly unknown[] = Array.isArray(data) ? data : [data]
    for (const message of messages)
      for (const listener of listeners) listener({ data: message } as MessageEvent)
  })

  function flush(transfer: Transferable[] = []): void {
    const messages = queued
    queued = []
    if (messages.length > 0) endpoint.postMessage(messages, transfer)
  }

  return {
    postMessage(message: unknown, transfer: Transferable[] = []) {
      queued.push(message)
      if (transfer.length > 0) flush(transfer)
      else if (queued.length === 1) queueMicrotask(() => flush())
    },
    addEventListener: (_type, listener) => void listeners.add(listener as (event: Event) => void),
    removeEventListener: (_type, listener) =>
      void listeners.delete(listener as (event: Event) => void)
  }
}
