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
    isOver: (): boolean => isOver,
    /**
     * The selected part of each value, until the end. Written out, because an operator of RxJS
     * would add a quarter of a KiB to the page.
     */
    completing: <V, R>(source: Observable<V>, select: (value: V) => R): Observable<R> =>
      new Observable<R>(subscriber => {
        const next = (value: V) => subscriber.next(select(value))
        const error = (reason: unknown) => subscriber.error(reason)
        subscriber.add(source.subscribe({ next, error }))
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
