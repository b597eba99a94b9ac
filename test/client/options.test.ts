/** Options that the types forbid are refused with a code, before anything is opened. */

import { firstValueFrom } from 'rxjs'
import { expect, test } from 'vitest'
// A store loads the rules later. Loaded here, no import is left when the last test ends.
import '../../src/client/can.ts'
import { createGroupStore, isGroupError } from '../../src/index.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import TIM from '../../src/tim/tim.ts'

const good = { url: 'ws://127.0.0.1:1/sync', userID: 'ann', token: 'sig', worker: false }
const wrong: [title: string, options: object, code: number][] = [
  ['a number for the user ID', { userID: 5 }, 10004],
  ['no user ID', { userID: undefined }, 2002],
  ['an empty user ID', { userID: '' }, 2002],
  ['a user ID of 33 characters', { userID: 'x'.repeat(33) }, 10004],
  ['a user ID of control characters', { userID: '\u0000' }, 10004],
  ['no token', { token: undefined }, 2003],
  ['a number for the token', { token: 5 }, 10004],
  ['no url', { url: undefined }, 10004],
  ['a url of another scheme', { url: 'ftp://example.org/sync' }, 10004],
  ['true for the worker', { worker: true }, 10004],
  ['a text for the storage', { storage: 'disk' }, 10004],
  ['an object for the connection', { connect: {} }, 10004],
  ['a worker beside a storage', { worker: () => undefined, storage: createMemoryStorage() }, 10004],
  ['a worker beside a connection', { worker: () => undefined, connect: () => undefined }, 10004],
  ['a text for paused', { paused: 'yes' }, 10004]
]

test.each(wrong)(
  'a store with %s answers every call with the code',
  async (_title, options, code) => {
    const store = createGroupStore({ ...good, ...options } as never)
    const answer = await store.apply('quitGroup', { groupID: 'crew' })
    const { lastError } = await firstValueFrom(store.status$)
    expect([isGroupError(answer) && answer.code, lastError?.code]).toEqual([code, code])
    await store.close()
  }
)

test('a TIM login with a number as user ID rejects with 10004', async () => {
  const tim = TIM.create({ SDKAppID: 77, url: good.url })
  const refused = tim.login({ userID: 5, userSig: 'sig' } as never)
  await expect(refused).rejects.toMatchObject({
    code: 10004,
    message: expect.stringContaining('userID') as string
  })
})
