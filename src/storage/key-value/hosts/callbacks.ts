/**
 * A key-value host over the storage calls of mini-programs: `wx`, `my`, `tt`, and libraries that
 * imitate them on a web page. These differ in details, so this file expects all of them:
 *
 * | difference | here |
 * |---|---|
 * | a call throws, calls `fail`, or returns a promise that rejects | the promise rejects |
 * | a call never answers | the promise rejects after 10 s |
 * | `get` of a missing key fails, or succeeds with `null`, `undefined` or `''` | `undefined` |
 * | `remove` of a missing key fails | the promise resolves |
 * | the reported size limit is missing, not a number, or in another unit | it is not read |
 */

import type { KeyValueHost, KeyValueLimits } from '../host.ts'

/** The storage calls of a mini-program. */
export type CallbackStorage = {
  getStorage(options: KeyOption & Callbacks<{ data?: unknown }>): unknown
  setStorage(options: KeyOption & { data: string } & Callbacks<object>): unknown
  removeStorage(options: KeyOption & Callbacks<object>): unknown
  getStorageInfo(options: Callbacks<{ keys: string[] }>): unknown
}
type KeyOption = { key: string }
type Callbacks<R> = { success: (result: R) => void; fail: (failure: unknown) => void }

export function createCallbackHost(storage: CallbackStorage, limits: KeyValueLimits): KeyValueHost {
  const keys = async (): Promise<readonly string[]> =>
    (await answerOf<{ keys: string[] }>(callbacks => storage.getStorageInfo(callbacks))).keys

  /** Platforms tell a missing key from other failures by texts only. */
  async function unlessMissing(key: string, error: unknown): Promise<undefined> {
    if ((await keys()).includes(key)) throw error
  }

  return {
    async get(key) {
      try {
        const { data } = await answerOf<{ data?: unknown }>(callbacks =>
          storage.getStorage({ key, ...callbacks })
        )
        return valueOf(data)
      } catch (error) {
        return unlessMissing(key, error)
      }
    },
    async set(key, value) {
      await answerOf(callbacks => storage.setStorage({ key, data: value, ...callbacks }))
    },
    async remove(key) {
      try {
        await answerOf(callbacks => storage.removeStorage({ key, ...callbacks }))
      } catch (error) {
        await unlessMissing(key, error)
      }
    },
    keys,
    limits
  }
}

/** Storage sets texts only, so anything else is a damaged value. */
function valueOf(data: unknown): string | undefined {
  if (data === undefined || data === null || data === '') return undefined
  return typeof data === 'string' ? data : JSON.stringify(data)
}

/**
 * The limit consists of short timers: a program in the background stops, and when it continues, a
 * single long timer would end before the answer arrives.
 */
const tickMs = 1000
const ticksMax = 10

function answerOf<R>(call: (callbacks: Callbacks<R>) => unknown): Promise<R> {
  return new Promise((resolve, reject) => {
    let timer = setTimeout(tick, tickMs)
    let ticks = 0
    function tick(): void {
      if (++ticks < ticksMax) timer = setTimeout(tick, tickMs)
      else reject(new Error('The storage of the platform does not answer.'))
    }
    const success = (result: R) => {
      clearTimeout(timer)
      resolve(result)
    }
    const fail = (failure: unknown) => {
      clearTimeout(timer)
      reject(errorOf(failure))
    }
    try {
      const returned = call({ success, fail })
      // A library may answer twice: by a callback and by a promise.
      if (isThenable<R>(returned)) void returned.then(success, fail)
    } catch (error) {
      fail(error)
    }
  })
}

const isThenable = <R>(value: unknown): value is PromiseLike<R> =>
  typeof value === 'object' && value !== null && 'then' in value

/** Codes of Douyin for a value that is too long, and for full storage. */
const fullCodes: readonly unknown[] = [21101, 21102]

/** Platforms name the text of a failure differently. */
function errorOf(failure: unknown): Error {
  if (failure instanceof Error) return failure
  const { errMsg, errorMessage, errNo } = Object(failure) as { [field: string]: unknown }
  const error = new Error(String(errMsg ?? errorMessage ?? failure))
  if (fullCodes.includes(errNo)) error.name = 'QuotaExceededError'
  return error
}
