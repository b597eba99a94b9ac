/** Platforms of mini-programs that are wrong, old or slow. */

import { expect, test } from 'vitest'
import { alipay, createTim, douyin, weChat } from '../../src/mini-program.ts'
import { createWx } from './wx.ts'

test.each([weChat, alipay, douyin])('the same object has one platform: %o', platformOf => {
  const calls = createWx()
  expect(platformOf(calls)).toBe(platformOf(calls))
  expect(platformOf(createWx()).storage).not.toBe(platformOf(calls).storage)
})

test('a login on a wrong platform rejects with 10004', async () => {
  const tim = createTim({} as never).create({ SDKAppID: 1, url: 'wss://example.org/sync' })
  const login = tim.login({ userID: 'ann', userSig: 'any' })
  await expect(login).rejects.toMatchObject({ name: 'IMError', code: 10004 })
  await tim.destroy()
})
