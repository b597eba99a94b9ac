/**
 * The contract of a key-value host: the obligations in `storage/key-value/host.ts`, as tests for
 * every host. It cannot end the process or make the platform fail, so test these yourself.
 */

import type { KeyValueHost } from '../storage/key-value/host.ts'
import type { ContractRunner } from './storage-contract.ts'

type HostCase = readonly [
  title: string,
  body: (host: KeyValueHost, expect: ContractRunner['expect']) => Promise<void>
]

/** Registers the tests of a key-value host. `create` returns a host without keys. */
export function keyValueHostContract(
  { test, expect }: ContractRunner,
  create: () => Promise<KeyValueHost>
): void {
  for (const [title, body] of cases) test(title, async () => body(await create(), expect))
}

const cases: readonly HostCase[] = [
  [
    'a value is read as it was set',
    async (host, expect) => {
      const value = '{"name":"群组 😀","text":"\\n\\u0000\\" \u2028"}'
      await host.set('key', value)
      expect(await host.get('key')).toEqual(value)
    }
  ],
  [
    'a later value replaces an earlier one',
    async (host, expect) => {
      await host.set('key', 'first')
      await host.set('key', 'second')
      expect([await host.get('key'), await host.keys()]).toEqual(['second', ['key']])
    }
  ],
  [
    'a missing key has no value',
    async (host, expect) => {
      expect(await host.get('missing')).toEqual(undefined)
    }
  ],
  [
    'a removed key has no value and is not listed',
    async (host, expect) => {
      await host.set('removed', 'value')
      await host.set('kept', 'value')
      await host.remove('removed')
      expect([await host.get('removed'), await host.keys()]).toEqual([undefined, ['kept']])
    }
  ],
  [
    'removing a missing key resolves',
    async (host, expect) => {
      await host.remove('missing')
      expect(await host.keys()).toEqual([])
    }
  ],
  [
    'keys with other characters are separate',
    async (host, expect) => {
      const keys = ['a', 'A', 'a/b', 'a b', 'a.1', '群', 'constructor']
      for (const key of keys) await host.set(key, `value of ${key}`)
      const values = []
      for (const key of keys) values.push(await host.get(key))
      expect(values).toEqual(keys.map(key => `value of ${key}`))
      expect([...(await host.keys())].sort()).toEqual([...keys].sort())
    }
  ],
  [
    'a value of the declared length is stored, up to 64 KiB',
    async (host, expect) => {
      const value = 'x'.repeat(Math.min(host.limits.bytesPerValue, 65_536))
      await host.set('key', value)
      expect((await host.get('key'))?.length).toEqual(value.length)
    }
  ],
  [
    'calls at the same time all take effect',
    async (host, expect) => {
      const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`)
      await Promise.all(keys.map(key => host.set(key, `value of ${key}`)))
      const values = await Promise.all(keys.map(key => host.get(key)))
      expect(values).toEqual(keys.map(key => `value of ${key}`))
    }
  ]
]
