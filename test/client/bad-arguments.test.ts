/** With any argument, every call of a store answers with a code or a value, and none throws. */

import { firstValueFrom, type Observable } from 'rxjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import type { GroupStore } from '../../src/client/group-store.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import { createTestClient, createTestServer, type TestClient } from '../harness.ts'
import { fail, hostileValues, trapped } from './hostile-values.ts'

let store: GroupStore
let client: TestClient

beforeAll(async () => {
  client = createTestClient(createTestServer(), 'ann')
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(Promise.resolve(client.engine), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  store = createStore('ann', remote, streams)
  await client.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
  // The rules for `can` follow the first status.
  await firstValueFrom(store.status$)
  await import('../../src/client/can.ts')
})

const values: readonly (readonly [string, unknown])[] = [
  ...hostileValues,
  ['a large whole number', 10n],
  ['an array', [1]],
  ['an object without a prototype', Object.create(null)],
  ['a field that is a function', { groupID: fail, limit: fail }],
  ['a field that is a symbol', { groupID: Symbol('crew'), offset: Symbol('crew') }]
]

/** Callers without types pass anything. */
const anyStore = () => store as unknown as Record<string, (...args: unknown[]) => unknown>

describe.each(values)('%s', (_title, value) => {
  const calls = [
    'apply',
    'preview',
    'retry',
    'revise',
    'settled',
    'readProfile',
    'readMembers',
    'readEntries',
    'searchGroup',
    'dismissVerdict'
  ]
  test.each(calls)('is refused by %s with a code', async call => {
    const args =
      call === 'apply' || call === 'preview' ? ['updateGroupProfile', value] : [value, value]
    const answer = (await anyStore()[call]?.(...args)) as {
      code?: number
      error?: { code: number }
    }
    expect(answer.code ?? answer.error?.code).toBeGreaterThan(0)
  })

  test('is refused by can with a code', () => {
    expect(anyStore()['can']?.('updateGroupProfile', value)).toMatchObject({
      kind: 'no',
      error: { code: expect.any(Number) }
    })
  })

  test('is no name of an operation', async () => {
    expect(await anyStore()['apply']?.(value, {})).toMatchObject({ code: expect.any(Number) })
  })

  test.each(['group$', 'tips$', 'members$'])(
    'as a group ID ends %s with 10004',
    async observable => {
      const answer = firstValueFrom(anyStore()[observable]?.(value, {}) as Observable<unknown>)
      // A text is a valid ID: the stream shows that no such group exists.
      if (typeof value === 'string') expect(await answer).not.toMatchObject({ name: 'Crew' })
      else await expect(answer).rejects.toMatchObject({ code: 10004 })
    }
  )

  test('as a token is ignored', async () => {
    await anyStore()['renewToken']?.(value)
    expect(await firstValueFrom(store.status$)).toMatchObject({
      connection: 'online',
      lastError: null
    })
  })
})

const windows: [string, unknown][] = [
  ['no window', undefined],
  ['null', null],
  ['a text', 'crew'],
  ['a function as limit', { limit: () => 1 }],
  ['NaN as offset', { offset: NaN }],
  ['a limit without end', { limit: Infinity }],
  ['a negative offset', { offset: -1 }],
  ['half a row', { limit: 0.5 }],
  ['a number as search', { search: 5 }],
  ['a symbol as order', { orderBy: Symbol('name') }],
  ['the name of a built-in property as order', { orderBy: 'constructor' }],
  ['a large whole number as limit', { limit: 1n }],
  ['a getter that throws', Object.defineProperty({}, 'limit', { get: fail })]
]
describe.each(windows)('a window with %s', (_title, window) => {
  test.each(['members$', 'groupList$'])(
    'ends %s with 10004 or shows the list',
    async observable => {
      const args = observable === 'members$' ? ['crew', window] : [window]
      const answer = firstValueFrom(anyStore()[observable]?.(...args) as Observable<unknown>)
      await expect(answer.catch((error: unknown) => error)).resolves.toSatisfy(
        (shown: { code?: number; rows?: unknown[] }) =>
          shown.code === 10004 || shown.rows?.length === 1
      )
    }
  )

  test('leaves the whole list as it was', async () => {
    await firstValueFrom(anyStore()['members$']?.('crew', window) as Observable<unknown>).catch(
      () => undefined
    )
    const whole = anyStore()['members$']?.('crew', {}) as Observable<unknown>
    expect(await firstValueFrom(whole)).toMatchObject({ total: 1 })
  })
})

test.each([
  ['the choice as a text', 'keep'],
  ['null', null],
  ['another word', { pending: 'Keep' }],
  ['a symbol', { pending: Symbol('keep') }],
  ['options that throw', trapped]
])('a logout with %s is refused and removes nothing', async (_title, options) => {
  expect(await anyStore()['logout']?.(options)).toMatchObject({ code: 10004 })
  expect(await client.groups()).toMatchObject([{ groupID: 'crew' }])
})

test('a change of the arguments after the call has no effect', async () => {
  const args = { groupID: 'crew', name: 'Before' }
  const applying = store.apply('updateGroupProfile', args)
  args.name = 'After'
  await applying
  expect(await client.group('crew')).toMatchObject({ name: 'Before' })
})
