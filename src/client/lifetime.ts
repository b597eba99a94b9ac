/** The end of a store: open calls and observables settle then. */

import { Observable, type Subscriber } from 'rxjs'
import { groupError, type GroupError } from '../kernel/errors.ts'
import { until } from './until.ts'

/** `failed` resolves if the store cannot be opened, or has lost its worker for good. */
export function createLifetime(failed: Promise<GroupError>) {
  const callbacks = new Set<() => void>()
  let isOver = false
  let resolveEnded: (error: GroupError) => void
  const ended = new Promise<GroupError>(resolve => (resolveEnded = resolve))

  function onEnd(subscriber: Subscriber<never>, callback: () => void): void {
    if (isOver) return callback()
    callbacks.add(callback)
    subscriber.add(() => void callbacks.delete(callback))
  }

  return {
    onEnd,
    /** The same observable, which also completes at the end. */
    completing: <V>(source: Observable<V>): Observable<V> =>
      new Observable<V>(subscriber => {
        source.subscribe(subscriber)
        onEnd(subscriber, () => subscriber.complete())
      }),
    /** The answer of a call, or the error of a store that failed or ended. */
    untilOver: until(Promise.race([failed, ended])),
    end(): void {
      isOver = true
      resolveEnded(groupError('NotReady'))
      for (const callback of [...callbacks]) callback()
    }
  }
}

export type Lifetime = ReturnType<typeof createLifetime>
