/** Copies the arguments of calls, so callers may change their objects afterwards. */

import type { EngineApi } from '../engine/api.ts'
import { forEachCall } from '../engine/worker-api.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'

export const copying = (api: EngineApi): EngineApi =>
  forEachCall(name => async (...args) => {
    let copies: unknown[]
    try {
      copies = args.map(copy)
    } catch (error) {
      // Expected: an argument cannot be copied, for example a function.
      return notCopied(error)
    }
    return (api[name] as (...args: unknown[]) => unknown)(...copies)
  })

/**
 * Not structuredClone: mini-programs have none, and it refuses proxies, which frameworks such as
 * Vue hand out.
 */
function copy(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`${String(value).slice(0, 100)} cannot be copied`)
  if (Array.isArray(value)) return value.map(copy)
  if (typeof value !== 'object' || value === null) return value
  const copied: { [name: string]: unknown } = {}
  for (const [name, field] of Object.entries(value)) copied[name] = copy(field)
  return copied
}

/** A copy has the type of its original. */
export const copyOf = <T>(value: T): T => copy(value) as T

/** The getter of an argument may throw any value, so there may be no message. */
const notCopied = (error: unknown): GroupError =>
  groupError('IllegalArgument', error instanceof Error ? error.message : 'it cannot be copied')
