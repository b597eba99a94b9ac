/** Events as Tencent's SDK sends them: synchronous, each handler called with `{ name, data }`. */

import type { EVENT, TimEventName, TimOtherEventName } from './constants.ts'
import type { IMError } from './im-error.ts'
import type { GroupSystemNoticePayload, TimMessage } from './message.ts'
import type { TimGroup } from './shapes.ts'

/** The `data` of each event, as in Tencent's SDK. Events of other services are not sent. */
export type TimEventData = {
  [EVENT.SDK_READY]: undefined
  [EVENT.SDK_NOT_READY]: undefined
  [EVENT.SDK_DESTROY]: { SDKAppID: number }
  [EVENT.MESSAGE_RECEIVED]: TimMessage[]
  [EVENT.GROUP_LIST_UPDATED]: TimGroup[]
  [EVENT.GROUP_SYSTEM_NOTICE_RECEIVED]: {
    message: TimMessage<GroupSystemNoticePayload>
    type: number
  }
  [EVENT.GROUP_ATTRIBUTES_UPDATED]: {
    groupID: string
    /** All attributes of the group. */
    groupAttributes: Record<string, string>
    updatedKeyList: string[]
    deletedKeyList: string[]
  }
  [EVENT.GROUP_COUNTER_UPDATED]: { groupID: string; key: string; value: number }
  [EVENT.KICKED_OUT]: { type: string }
  [EVENT.ERROR]: IMError
  [EVENT.NET_STATE_CHANGE]: { state: string }
} & { [N in TimOtherEventName]: unknown }

/** A handler of the event `N`, as passed to `tim.on`. */
export type TimHandler<N extends TimEventName = TimEventName> = (event: {
  readonly name: N
  readonly data: TimEventData[N]
}) => void

/** A handler of any event. It is stored by the name of its event, which decides its data. */
type AnyHandler = (event: never) => void
type Registered = {
  readonly handler: AnyHandler
  readonly context: unknown
  readonly once: boolean
}

export function createEvents(onHandlerError: (error: unknown) => void) {
  const handlers = new Map<TimEventName, Registered[]>()

  function off(name: TimEventName, handler: AnyHandler): void {
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
    off: <N extends TimEventName>(name: N, handler: TimHandler<N>) => off(name, handler),
    on: <N extends TimEventName>(name: N, handler: TimHandler<N>, context?: unknown) =>
      add(name, { handler, context, once: false }),
    once: <N extends TimEventName>(name: N, handler: TimHandler<N>, context?: unknown) =>
      add(name, { handler, context, once: true }),
    /** How many events would find a handler: a handler of `once` goes with the first one. */
    room(name: TimEventName): number {
      const known = handlers.get(name) ?? []
      return known.every(({ once }) => once) ? Math.min(known.length, 1) : Infinity
    },
    emit<N extends TimEventName>(name: N, data: TimEventData[N]): void {
      for (const { handler, context, once } of handlers.get(name) ?? []) {
        if (once) off(name, handler)
        try {
          handler.call(context, { name, data } as never)
        } catch (error) {
          // Expected: an app's handler fails. The other handlers must still receive the event.
          onHandlerError(error)
        }
      }
    }
  }
}
export type Events = ReturnType<typeof createEvents>
