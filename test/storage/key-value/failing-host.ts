/** A key-value host whose calls fail on request. */

import type { KeyValueHost } from '../../../src/storage/key-value/host.ts'
import { createMemoryHost } from '../../../src/storage/key-value/hosts/memory.ts'
import type { Values } from './recording-host.ts'

/** A failed `set` may have taken effect, or take effect later. */
export type Failure = 'nothing is stored' | 'the value is stored' | 'the value is stored later'

type FailingHost = KeyValueHost & {
  readonly values: Values
  /** By the beginning of the key, after the name of the database. */
  failures: { [call in 'get' | 'set' | 'remove']?: (key: string) => Failure | undefined }
  /** Calls of `set` wait until the returned function is called. */
  hold(): () => void
  /** Late values take effect. */
  storeLate(): void
}

export function createFailingHost(values: Values = new Map()): FailingHost {
  const memory = createMemoryHost(undefined, values)
  const late: [string, string][] = []
  let held: Promise<void> | undefined

  const host: FailingHost = {
    ...memory,
    values,
    failures: {},
    get: key => refuse('get', key) ?? memory.get(key),
    remove: key => refuse('remove', key) ?? memory.remove(key),
    async set(key, value) {
      await held
      const failure = host.failures.set?.(key)
      if (!failure) return memory.set(key, value)
      if (failure === 'the value is stored') values.set(key, value)
      if (failure === 'the value is stored later') late.push([key, value])
      throw new Error(failure)
    },
    hold() {
      let release = (): void => undefined
      held = new Promise(resolve => (release = resolve))
      return () => {
        held = undefined
        release()
      }
    },
    storeLate: () => late.splice(0).forEach(([key, value]) => values.set(key, value))
  }
  const refuse = (call: 'get' | 'remove', key: string): Promise<never> | undefined => {
    const failure = host.failures[call]?.(key)
    return failure && Promise.reject(new Error(failure))
  }
  return host
}
