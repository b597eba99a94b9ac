/** The ID of an operation: one that the app repeats, or a new one. */

import { newID } from '../host/random-id.ts'
import { isOperationID } from '../kernel/operation-id.ts'

/** `undefined`: the option is no ID. */
export function operationID(options: unknown): string | undefined {
  try {
    const { opID = newID() } = (options ?? {}) as { readonly opID?: unknown }
    return isOperationID(opID) ? opID : undefined
  } catch {
    // Expected: a getter or a proxy that throws.
    return undefined
  }
}
