/** The storage calls of a mini-program platform in memory, with the differences of platforms. */

import type { CallbackStorage } from '../../../src/storage/key-value/hosts/callbacks.ts'

export type Dialect = {
  readonly bytesPerValue: number
  /** The answer to `get` of a missing key. */
  readonly missing: 'fails' | 'null' | 'empty'
  /** How a call that cannot be done ends. */
  readonly failure: 'throws' | 'calls fail' | 'rejects'
  readonly failureFields: (text: string) => object
  /** `undefined`: callbacks run before the call returns. */
  readonly answersAfter: 'a microtask' | 'a timer' | undefined
  /** The values are stored as JSON, like those of Taro on a web page. */
  readonly isJSON: boolean
}

export type Platform = CallbackStorage & {
  readonly values: Map<string, unknown>
  /** From now on, calls fail or get no answer. */
  become(state: 'working' | 'failing' | 'silent'): void
}

export function createPlatform(dialect: Dialect): Platform {
  const values = new Map<string, unknown>()
  let state: Parameters<Platform['become']>[0] = 'working'

  type Callbacks<R> = { success(result: R): void; fail(failure: unknown): void }
  /** `work` returns `undefined` if the call cannot be done. */
  function call<R>(name: string, { success, fail }: Callbacks<R>, work: () => R | undefined) {
    if (state === 'silent') return undefined
    const result = state === 'working' ? work() : undefined
    const failure = { ...dialect.failureFields(`${name}:fail`) }
    if (result === undefined && dialect.failure === 'throws') throw new Error(`${name}:fail`)
    const answer = () => (result === undefined ? fail(failure) : success(result))
    if (dialect.failure === 'rejects') {
      answer()
      return result === undefined ? Promise.reject(failure) : Promise.resolve(result)
    }
    if (dialect.answersAfter === 'a timer') setTimeout(answer, 1)
    else if (dialect.answersAfter === 'a microtask') void Promise.resolve().then(answer)
    else answer()
    return undefined
  }
  const stored = (data: string): unknown => (dialect.isJSON ? JSON.stringify({ data }) : data)
  const restored = (value: unknown): unknown =>
    dialect.isJSON ? (JSON.parse(String(value)) as { data: unknown }).data : value

  return {
    values,
    become: next => void (state = next),
    getStorage: ({ key, ...callbacks }) =>
      call('getStorage', callbacks, () => {
        if (values.has(key)) return { data: restored(values.get(key)) }
        return { fails: undefined, null: { data: null }, empty: { data: '' } }[dialect.missing]
      }),
    setStorage: ({ key, data, ...callbacks }) =>
      call('setStorage', callbacks, () => {
        if (new TextEncoder().encode(data).length > dialect.bytesPerValue) return undefined
        values.set(key, stored(data))
        return {}
      }),
    removeStorage: ({ key, ...callbacks }) =>
      call('removeStorage', callbacks, () => {
        if (!values.delete(key) && dialect.missing === 'fails') return undefined
        return {}
      }),
    getStorageInfo: callbacks =>
      // Some platforms report no limit, or one in another unit.
      call('getStorageInfo', callbacks, () => ({ keys: [...values.keys()], limitSize: NaN }))
  }
}

export const dialects = {
  wx: {
    bytesPerValue: 1_048_576,
    missing: 'fails',
    failure: 'calls fail',
    failureFields: errMsg => ({ errMsg }),
    answersAfter: 'a timer',
    isJSON: false
  },
  my: {
    bytesPerValue: 204_800,
    missing: 'null',
    failure: 'calls fail',
    failureFields: errorMessage => ({ error: 2, errorMessage }),
    answersAfter: 'a microtask',
    isJSON: false
  },
  tt: {
    bytesPerValue: 1_048_576,
    missing: 'empty',
    failure: 'calls fail',
    failureFields: errMsg => ({ errMsg, errNo: 21102 }),
    answersAfter: undefined,
    isJSON: false
  },
  Taro: {
    bytesPerValue: 1_048_576,
    missing: 'fails',
    failure: 'rejects',
    failureFields: errMsg => ({ errMsg }),
    answersAfter: 'a microtask',
    isJSON: true
  },
  'Taro with full storage': {
    bytesPerValue: 1_048_576,
    missing: 'empty',
    failure: 'throws',
    failureFields: errMsg => ({ errMsg }),
    answersAfter: undefined,
    isJSON: true
  }
} satisfies Record<string, Dialect>
