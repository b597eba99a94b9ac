/** Events as Tencent's SDK sends them: synchronous, each handler called with `{ name, data }`. */

import type { TimEventName } from './constants.ts'

export type TimHandler = (event: { readonly name: TimEventName; readonly data: unknown }) => void

type Registered = { readonly handler: TimHandler; readonly context: unknown; readonly once: boolean }

export function createEvents(onHandlerError: (error: unknown) => void) {
  const handlers = new Map<TimEventName, Registered[]>()

  function off(name: TimEventName, handler: TimHandler): void {
    handlers.set(
      name,
      (handlers.get(name) ?? []).filter(registered => registered.handler !== handler)
    )
  }

  function add(name: TimEventName, registered: Registered): void {
    const known = handlers.get(name) ?? []
    if (known.some(({ handler }) => handler === registered.handler)) return
    handlers.set(name, [...known, registered])
  }

  return {
    off,
    on: (name: TimEventName, handler: TimHandler, context?: unknown) => add(name, { handler, context, once: false }),
    once: (name: TimEventName, handler: TimHandler, context?: unknown) => add(name, { handler, context, once: true }),
    has: (name: TimEventName) => (handlers.get(name)?.length ?? 0) > 0,
    emit(name: TimEventName, data: unknown): void {
      for (const { handler, context, once } of handlers.get(name) ?? []) {
        if (once) off(name, handler)
        try {
          handler.call(context, { name, data })
        } catch (error) {
          // Expected: an app's handler fails. It must not keep others from hearing of the event.
          onHandlerError(error)
        }
      }
    }
  }
}
