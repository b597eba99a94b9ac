/**
 * Workers of the app whose script has failed before a store used them. Their `error` event comes
 * once, so a store that is opened later would wait for an answer.
 */

const messages = new WeakMap<object, string>()

/** A worker. WebKit gives no message. */
export type Watchable = {
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void
}

/** Call it as soon as the app passes the worker. */
export function watchWorker(worker: Watchable): void {
  worker.addEventListener('error', ({ message }) => messages.set(worker, message ?? ''))
}

/** The message of an error, if there was one. */
export const failureOf = (worker: object): string | undefined => messages.get(worker)
