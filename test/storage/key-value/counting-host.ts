/** A key-value host in memory that records its calls. */

import type { KeyValueHost } from '../../../src/storage/key-value/host.ts'
import { createMemoryHost } from '../../../src/storage/key-value/hosts/memory.ts'

export function createCountingHost(): { readonly host: KeyValueHost; readonly calls: string[] } {
  const memory = createMemoryHost()
  const calls: string[] = []
  const counted =
    <A extends [string, ...string[]], R>(name: string, call: (...args: A) => R) =>
    (...args: A): R => {
      calls.push(`${name} ${args[0]}`)
      return call(...args)
    }
  return {
    host: {
      ...memory,
      get: counted('get', memory.get),
      set: counted('set', memory.set),
      remove: counted('remove', memory.remove)
    },
    calls
  }
}
