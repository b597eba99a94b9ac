/** Platforms of mini-programs that are wrong, old or slow. */

import { expect, test } from 'vitest'
import { createTim } from '../../src/mini-program.ts'

test('a login on a wrong platform rejects with 10004', async () => {
  const tim = createTim({} as never).create({ SDKAppID: 1, url: 'wss://example.org/sync' })
  const login = tim.login({ userID: 'ann', userSig: 'any' })
  await expect(login).rejects.toMatchObject({ name: 'IMError', code: 10004 })
  await tim.destroy()
})
