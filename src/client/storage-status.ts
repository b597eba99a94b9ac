/**
 * `storage$`: the state of storage, with facts that only the page can read from the browser. It
 * loads when an app first observes it, or enqueues its first operation.
 */

import { Observable } from 'rxjs'
import type { StorageState } from '../engine/api.ts'

export type StorageStatus = StorageState & {
  /** Whether the browser keeps the data until the user removes it. `null`: it does not tell. */
  readonly persisted: boolean | null
  /** Bytes that this origin uses and may use, by an estimate. `null`: the browser does not tell. */
  readonly usageBytes: number | null
  readonly quotaBytes: number | null
}
type Device = Pick<StorageStatus, 'persisted' | 'usageBytes' | 'quotaBytes'>

const readEveryMs = 60_000
const unknownDevice: Device = { persisted: null, usageBytes: null, quotaBytes: null }

/** By page: the browser answers for the whole origin. */
const readers = new Set<() => void>()
let isAsked = false

// Insecure pages, and hosts other than browsers, have no storage manager. Some lack functions.
const manager = (): Partial<StorageManager> =>
  typeof navigator === 'undefined' ? {} : ((navigator as Partial<Navigator>).storage ?? {})

/** `isDataLost`: the browser has told this page that it dropped a damaged database. */
export const watchStorage = (
  state$: Observable<StorageState>,
  isDataLost: () => boolean
): Observable<StorageStatus> =>
  new Observable(subscriber => {
    let state: StorageState | undefined
    let device = unknownDevice
    const emit = () => {
      if (!state) return
      const loss = state.loss ?? (isDataLost() ? ({ kind: 'wiped', restored: 0 } as const) : null)
      subscriber.next({ ...state, loss, ...device })
    }
    const read = () =>
      void readDevice().then(current => {
        if (JSON.stringify(current) === JSON.stringify(device)) return
        device = current
        emit()
      })
    const timer = setInterval(read, readEveryMs)
    readers.add(read)
    subscriber.add(() => {
      clearInterval(timer)
      readers.delete(read)
    })
    const next = (changed: StorageState) => {
      state = changed
      emit()
      read()
    }
    const error = (reason: unknown) => subscriber.error(reason)
    subscriber.add(state$.subscribe({ next, error }))
  })

/**
 * Asks the browser once to keep the data. Never awaited: Firefox asks the user, who may not answer.
 */
export function persist(): void {
  if (isAsked) return
  isAsked = true
  void manager()
    .persist?.()
    .then(
      () => readers.forEach(read => read()),
      () => undefined
    )
}

/** Some browsers never answer in private windows, or reject. Then nothing is known. */
async function readDevice(): Promise<Device> {
  try {
    const storage = manager()
    const [persisted = null, estimate] = await Promise.all([
      storage.persisted?.(),
      storage.estimate?.()
    ])
    return {
      persisted,
      usageBytes: estimate?.usage ?? null,
      quotaBytes: estimate?.quota ?? null
    }
  } catch {
    // Expected: the browser denies storage.
    return unknownDevice
  }
}
