/** A key-value host in memory. Its values are lost with the process. */

import type { KeyValueHost, KeyValueLimits } from '../host.ts'

/** As in WeChat. */
const defaultLimits = { bytesPerValue: 1_048_576, bytesInAll: 10_485_760 }

export function createMemoryHost(
  limits: KeyValueLimits = defaultLimits,
  values = new Map<string, string>()
): KeyValueHost {
  return {
    get: key => Promise.resolve(values.get(key)),
    set(key, value) {
      values.set(key, value)
      return Promise.resolve()
    },
    remove(key) {
      values.delete(key)
      return Promise.resolve()
    },
    keys: () => Promise.resolve([...values.keys()]),
    limits
  }
}
