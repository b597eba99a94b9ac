/** Platforms of mini-programs that are wrong, old or slow. */

import { expect, test } from 'vitest'
import { alipay, createTim, douyin, weChat } from '../../src/mini-program.ts'
import type { Platform } from '../../src/mini-program/platform.ts'
import { seedRandomIDs } from '../../src/mini-program/randomness.ts'
import { newID } from '../../src/host/random-id.ts'
import { createWx } from './wx.ts'

test.each([weChat, alipay, douyin])('the same object has one platform: %o', platformOf => {
  const calls = createWx()
  expect(platformOf(calls)).toBe(platformOf(calls))
  expect(platformOf(createWx()).storage).not.toBe(platformOf(calls).storage)
})

test('an object that two functions get has one platform', () => {
  const calls = createWx()
  expect(alipay(calls)).toBe(weChat(calls))
})

test('a platform that is an instance of a class delivers random bytes', async () => {
  class Device {
    readonly #byte = 7
    async randomBytes(count: number): Promise<ArrayBuffer> {
      return new Uint8Array(count).fill(this.#byte).buffer
    }
  }
  seedRandomIDs(new Device() as unknown as Platform)
  await new Promise(resolve => setTimeout(resolve))
  expect(newID()).toBe('HHHHHHHHHHHHHHHHHHHHHH')
})

const refuse = () => {
  throw new Error('not supported')
}
const refuseLater = () => Promise.reject(new Error('not supported'))

test.each([refuse, refuseLater])('a platform that refuses its events does no harm: %o', call => {
  const events = { onAppShow: call, onNetworkStatusChange: call, offAppShow: call }
  const ends = weChat({ ...createWx(), ...events }).onWake?.(() => undefined)
  expect(ends).not.toThrow()
})

test('a login on a wrong platform rejects with 10004', async () => {
  const tim = createTim({} as never).create({ SDKAppID: 1, url: 'wss://example.org/sync' })
  const login = tim.login({ userID: 'ann', userSig: 'any' })
  await expect(login).rejects.toMatchObject({ name: 'IMError', code: 10004 })
  await tim.destroy()
})
