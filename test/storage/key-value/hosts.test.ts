/** The hosts of platforms: their contract, and the storage contract over each. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import type { KeyValueHost } from '../../../src/storage/key-value/host.ts'
import { createAlipayHost } from '../../../src/storage/key-value/hosts/alipay.ts'
import { createCallbackHost } from '../../../src/storage/key-value/hosts/callbacks.ts'
import { createDouyinHost } from '../../../src/storage/key-value/hosts/douyin.ts'
import { createLocalStorageHost } from '../../../src/storage/key-value/hosts/local-storage.ts'
import { createMemoryHost } from '../../../src/storage/key-value/hosts/memory.ts'
import { createWeChatHost } from '../../../src/storage/key-value/hosts/wechat.ts'
import { openKeyValueStorage } from '../../../src/storage/key-value/storage.ts'
import { keyValueHostContract } from '../../../src/testing/key-value-host-contract.ts'
import { storageContract } from '../../../src/testing/storage-contract.ts'
import { createPlatform, dialects, type Platform } from './platform.ts'
import { createWebStorage } from './web-storage.ts'

const limits = { bytesPerValue: 1_048_576, bytesInAll: 10_485_760 }
const ofPlatform: Record<keyof typeof dialects, (platform: Platform) => KeyValueHost> = {
  wx: createWeChatHost,
  my: createAlipayHost,
  tt: createDouyinHost,
  Taro: platform => createCallbackHost(platform, limits),
  'Taro with full storage': platform => createCallbackHost(platform, limits)
}
const platforms = Object.entries(ofPlatform).map(
  ([name, createHost]) =>
    [name, () => createPlatform(dialects[name as keyof typeof dialects]), createHost] as const
)
const hosts: [string, () => KeyValueHost][] = [
  ['memory', () => createMemoryHost()],
  ['localStorage', () => createLocalStorageHost(createWebStorage())],
  ...platforms.map(([name, create, createHost]): [string, () => KeyValueHost] => [
    name,
    () => createHost(create())
  ])
]

describe.each(hosts)('the host of %s', (_, create) =>
  keyValueHostContract({ test, expect }, () => Promise.resolve(create()))
)

describe.each(hosts)('storage on the host of %s', (_, create) => {
  const host = create()
  storageContract(
    { test, expect },
    name => openKeyValueStorage(host, name, { journalRecordsMax: 2 }),
    { survives: true }
  )
})

describe.each(platforms)('the host of %s', (_, create, createHost) => {
  afterEach(() => void vi.useRealTimers())

  test('rejects calls that the platform refuses', async () => {
    const platform = create()
    const host = createHost(platform)
    await host.set('key', 'value')
    platform.become('failing')
    const calls = [host.get('key'), host.set('key', 'new'), host.remove('key'), host.keys()]
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
    platform.become('working')
    expect(await host.get('key')).toBe('value')
  })

  test('rejects calls that the platform does not answer', async () => {
    vi.useFakeTimers()
    const platform = create()
    const host = createHost(platform)
    platform.become('silent')
    const outcome = Promise.allSettled([host.get('key'), host.set('key', 'value')])
    await vi.advanceTimersByTimeAsync(30_000)
    expect((await outcome).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})

test('full storage of Douyin is recognized by its code', async () => {
  const platform = createPlatform(dialects.tt)
  platform.become('failing')
  await expect(createDouyinHost(platform).set('key', 'value')).rejects.toMatchObject({
    name: 'QuotaExceededError'
  })
})

test('full localStorage is recognized by the name of the error', async () => {
  const host = createLocalStorageHost(createWebStorage(10))
  await expect(host.set('key', 'a long value')).rejects.toMatchObject({
    name: 'QuotaExceededError'
  })
})
