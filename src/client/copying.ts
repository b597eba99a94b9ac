/** Copies the arguments of calls, so callers may change their objects afterwards. */

import type { EngineApi } from '../engine/api.ts'
import { forEachCall } from '../engine/worker-api.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'

export const copying = (api: EngineApi): EngineApi =>
  forEachCall(name => async (...args) => {
    let copies: unknown[]
    try {
      copies = copy(args)
    } catch (error) {
      // Expected: an argument cannot be copied, for example a function.
      return notCopied(error)
    }
    return (api[name] as (...args: unknown[]) => unknown)(...copies)
  })

function copy(args: unknown[]): unknown[] {
  try {
    return structuredClone(args)
  } catch {
    // Expected: frameworks such as Vue hand out proxies, and a proxy cannot be cloned.
    return structuredClone(args.map(unwrapped))
  }
}

function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, unwrapped(field)]))
}

/** The getter of an argument may throw any value, so there may be no message. */
const notCopied = (error: unknown): GroupError =>
  groupError('IllegalArgument', error instanceof Error ? error.message : 'it cannot be copied')
