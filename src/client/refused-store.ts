/** The store of options that are wrong. */

import { whenOpen } from '../engine/worker-api.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { GroupStore, Undelivered } from './group-store.ts'
import { createStore } from './store.ts'
import { createStreamClient } from './streams.ts'

/** A store without an engine: every call resolves with the error. */
export function refusedStore(refusal: GroupError): GroupStore & Undelivered {
  const nothing = () => undefined
  const api = whenOpen(new Promise<never>(nothing))
  return createStore(
    '',
    { api, request: nothing, end: nothing, failed: Promise.resolve(refusal) },
    createStreamClient(nothing)
  )
}
