/** The ID of an operation: one that the app repeats, or a new one. */

import type { CallOptions } from '../engine/api.ts'
import { newID } from '../host/random-id.ts'
import { isOperationID } from '../kernel/operation-id.ts'

/** `undefined`: the option is no ID. */
export function callOptions(options: unknown): (CallOptions & { opID: string }) | undefined {
  try {
    const { opID } = (options ?? {}) as { readonly opID?: unknown }
    if (opID === undefined) return { opID: newID(), isNew: true }
    return isOperationID(opID) ? { opID } : undefined
  } catch {
    // Expected: a getter or a proxy that throws.
    return undefined
  }
}
