/** Windows on lists as queries send them. JavaScript can pass any value, despite the types. */

import type { MemberWindow, Window } from '../engine/stream-api.ts'

type AnyWindow<Order extends string> = Window<Order> & Pick<MemberWindow, 'role'>

const fields = ['offset', 'after', 'limit', 'orderBy', 'search', 'role'] as const

/** The fields in a fixed order, so that equal windows make equal queries. */
export function windowFields<Order extends string>(window: AnyWindow<Order>): AnyWindow<Order> {
  try {
    if (typeof window !== 'object') return noWindow
    return Object.fromEntries(
      fields.flatMap(name => (window[name] === undefined ? [] : [[name, window[name]]]))
    )
  } catch {
    // Expected: the window is null, or one of its fields is a getter that throws.
    return noWindow
  }
}

/** A window that the engine refuses with 10004. */
const noWindow = { limit: NaN }
