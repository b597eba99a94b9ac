/** Calls of the TIM API with any argument reject with an `IMError`, and settle in time. */

import { EMPTY, firstValueFrom } from 'rxjs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { operations } from '../../src/kernel/operations/index.ts'
import { attempt, inTime } from '../../src/tim/guard.ts'
import { IMError } from '../../src/tim/im-error.ts'
import TIM from '../../src/tim/tim.ts'
import { fail, hostileValues } from './hostile-values.ts'
import { createTim, logIn, openServer, userSigOf } from './page.ts'

const values: readonly (readonly [string, unknown])[] = [
  ...hostileValues,
  ['nothing', undefined],
  ['an array', []],
  ['an empty object', {}],
  ['large whole numbers', { groupID: 1n, name: 1n, userIDList: 1n }],
  ['functions as fields', { groupID: fail, name: fail, userIDList: fail, message: fail }],
  ['a message without a group', { handleAction: 'Agree', message: { payload: {} } }],
  ['a message of null', { handleAction: 'Agree', message: null }]
]

const calls = [
  'login',
  'getGroupProfile',
  'searchGroupByID',
  'getGroupMemberList',
  'getGroupMemberProfile',
  ...Object.keys(operations)
]

const rejectionOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(fail, (error: unknown) => error)

test.each(values)('%s as an argument rejects every call with an IMError', async (_title, value) => {
  const { url } = await openServer()
  const tim = (await logIn(url, 'ann')) as unknown as Record<
    string,
    (value: unknown) => Promise<unknown>
  >
  for (const call of calls) {
    const error = await rejectionOf(tim[call]?.(value) ?? fail())
    expect({ call, error, code: (error as IMError).code }).toMatchObject({
      error: { name: 'IMError' },
      code: expect.any(Number)
    })
  }
})

/** Like an object of Vue: each object in it is behind a proxy too. */
const reactive = <T extends object>(value: T): T =>
  new Proxy(value, {
    get(target, key, receiver) {
      const field: unknown = Reflect.get(target, key, receiver)
      return typeof field === 'object' && field !== null ? reactive(field) : field
    }
  })

test.each(['createGroup', 'updateGroupProfile'] as const)(
  '%s takes objects that a user interface has wrapped in proxies',
  async call => {
    const { url } = await openServer()
    const tim = await logIn(url, 'ann')
    const options = { name: 'Crew', groupCustomField: [{ key: 'colour', value: 'blue' }] }
    const { groupID } = (await tim.createGroup({ name: 'Den', type: 'Public' })).data.group
    const { group } = (
      await (call === 'createGroup'
        ? tim.createGroup(reactive({ ...options, memberList: [{ userID: 'bob' }] }))
        : tim.updateGroupProfile(reactive({ ...options, groupID })))
    ).data
    expect(group).toMatchObject(options)
  }
)

test('an argument that changes before the answer has no effect', async () => {
  const { url } = await openServer()
  const tim = await logIn(url, 'ann')
  await tim.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public' })
  const memberCustomField = [{ key: 'colour', value: 'blue' }]
  const options = { groupID: 'crew', userID: 'ann', memberCustomField }
  const call = tim.setGroupMemberCustomField(options)
  Object.assign(options, { memberCustomField: undefined })
  expect((await call).data.member).toMatchObject({ memberCustomField })
})

const windows: [string, object][] = [
  ['a negative offset', { offset: -1 }],
  ['NaN as count', { count: NaN }],
  ['a text as count', { count: '3' }],
  ['half an offset', { offset: 0.5 }]
]
test.each(windows)('a member list with %s rejects with 10004', async (_title, window) => {
  const { url } = await openServer()
  const tim = await logIn(url, 'ann')
  await tim.createGroup({ groupID: 'crew', name: 'Crew' })
  const error = await rejectionOf(tim.getGroupMemberList({ groupID: 'crew', ...window }))
  expect(error).toMatchObject({ name: 'IMError', code: 10004 })
})

test('an instance without options rejects at login for want of a URL', async () => {
  const create = TIM.create as (options?: unknown) => ReturnType<typeof TIM.create>
  const login = create().login({ userID: 'ann', userSig: userSigOf('ann') })
  expect(await rejectionOf(login)).toMatchObject({ name: 'IMError', code: 10004 })
})

describe('a login', () => {
  test('that cannot make a worker does not block the next login', async () => {
    const { url } = await openServer()
    const tim = TIM.create({ SDKAppID: -1, url, worker: fail })
    const login = () => rejectionOf(tim.login({ userID: 'ann', userSig: userSigOf('ann') }))
    expect([await login(), await login()]).toMatchObject([{ code: 4510 }, { code: 4510 }])
  })

  test('rejects with 2999 when a logout overtakes it', async () => {
    const { url } = await openServer()
    const tim = createTim(url)
    const login = rejectionOf(tim.login({ userID: 'ann', userSig: userSigOf('ann') }))
    await tim.logout()
    expect(await login).toMatchObject({ name: 'IMError', code: 2999 })
    expect(await rejectionOf(tim.getGroupList())).toMatchObject({ code: 2999 })
  })
})

describe('the limit of a call', () => {
  afterEach(() => void vi.useRealTimers())

  /** The rejection of a call that answers after so many seconds. */
  async function outcome(api: string, seconds: number): Promise<unknown> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = () =>
      new Promise((_, reject) =>
        setTimeout(() => reject(new IMError({ code: 1, reason: '', message: '' })), seconds * 1000)
      )
    const { [api]: call = fail } = inTime({ [api]: () => attempt(api, answer) })
    const rejection = rejectionOf(call())
    await vi.advanceTimersByTimeAsync(seconds * 1000)
    return rejection
  }

  test('is longer than 77 s', async () => {
    expect(await outcome('joinGroup', 77)).toMatchObject({ code: 1 })
  })

  test('answers an operation with 4512', async () => {
    expect(await outcome('joinGroup', 81)).toMatchObject({ code: 4512 })
  })

  test.each(['getGroupProfile', 'getMyProfile', 'getConversationProfile'])(
    'answers the read %s with 4502',
    async api => {
      expect(await outcome(api, 81)).toMatchObject({ code: 4502 })
    }
  )
})

test('a call whose store closes rejects with 2999', async () => {
  const call = attempt('getGroupList', () => firstValueFrom(EMPTY))
  expect(await rejectionOf(call)).toMatchObject({ name: 'IMError', code: 2999 })
})
