/** The status of a store: from its engine, or if the store cannot open or is closed, from here. */

import { Observable } from 'rxjs'
import type { Status } from '../engine/api.ts'
import { describeErrors } from '../kernel/error-texts.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import { defaultPolicy } from '../kernel/limits.ts'
import type { Lifetime } from './lifetime.ts'

export function createStatus(
  engineStatus$: Observable<Status>,
  failed: Promise<GroupError>,
  life: Lifetime
): Observable<Status> {
  let latest = unopened
  const remember = (status: Status): Status => (latest = status)
  return new Observable<Status>(subscriber => {
    void failed.then(lastError =>
      subscriber.next(remember(describeErrors({ ...unopened, lastError })))
    )
    subscriber.add(engineStatus$.subscribe(status => subscriber.next(remember(status))))
    life.onEnd(subscriber, () => {
      subscriber.next(describeErrors(offline(latest)))
      subscriber.complete()
    })
  })
}

/** No engine runs, because of this error. `null`: the page was frozen, and the next one starts. */
export const interrupted = (status: Status | undefined, lastError: GroupError | null): Status =>
  describeErrors({
    ...(status ?? unopened),
    connection: lastError ? 'offline' : 'connecting',
    caughtUp: false,
    nextRetryAtMs: null,
    lastError
  })

const offline = (latest: Status): Status => ({
  ...latest,
  connection: 'offline',
  caughtUp: false,
  nextRetryAtMs: null,
  lastError: latest.lastError ?? groupError('NotReady')
})

const unopened: Status = {
  connection: 'offline',
  caughtUp: false,
  pending: 0,
  oldestPendingAtMs: undefined,
  lastError: null,
  nextRetryAtMs: null,
  isAppAdmin: false,
  policy: defaultPolicy,
  clockOffsetMs: 0
}
