/** An instance of Tencent's SDK beside the TIM API, and calls that are not about groups. */

import { describe, expect, onTestFinished, test } from 'vitest'
import TIM, { type Tim } from '../../src/tim/tim.ts'
import { createTim, logIn, openServer, userSigOf } from './page.ts'
import { createTencent, deferred } from './tencent.ts'

async function open() {
  const { url } = await openServer()
  const delegate = createTencent()
  const SDKAppID = 1_500_000_000 + Math.floor(Math.random() * 1e6)
  const tim = TIM.create({ SDKAppID, url, worker: false, delegate: delegate.sdk })
  onTestFinished(() => tim.destroy())
  const events: string[] = []
  for (const name of [TIM.EVENT.SDK_READY, TIM.EVENT.SDK_NOT_READY, TIM.EVENT.KICKED_OUT])
    tim.on(name, event => events.push(event.name))
  const codes: number[] = []
  tim.on(TIM.EVENT.ERROR, ({ data }) => codes.push(data.code))
  const isReady = () => new Promise<void>(resolve => tim.once(TIM.EVENT.SDK_READY, () => resolve()))
  const logIn = (userID = 'ann') => tim.login({ userID, userSig: userSigOf(userID) })
  return { tim, url, SDKAppID, events, codes, isReady, logIn, ...delegate }
}

async function openLoggedIn() {
  const opened = await open()
  const ready = opened.isReady()
  await opened.logIn()
  await ready
  return opened
}

describe('with a delegate', () => {
  test('login and logout go to both', async () => {
    const { tim, asked } = await openLoggedIn()
    await tim.logout()
    expect(asked.map(([name]) => name)).toEqual(['login', 'logout'])
    expect(asked[0]?.[1]).toMatchObject({ userID: 'ann' })
  })

  test('calls that are not about groups come back as they are', async () => {
    const { tim, asked } = await openLoggedIn()
    const message = tim.createTextMessage({ to: 'bob' })
    expect(message).toEqual({ ID: 'm1' })
    expect(await tim.sendMessage(message)).toEqual({ data: { message: 'm1' } })
    expect(asked.slice(1)).toEqual([
      ['createTextMessage', { to: 'bob' }],
      ['sendMessage', { ID: 'm1' }]
    ])
  })

  test('messages of other conversations come from it', async () => {
    const { tim, asked } = await openLoggedIn()
    await tim.getMessageList({ conversationID: 'C2Cbob' })
    await tim.getMessageList({ conversationID: TIM.TYPES.CONV_SYSTEM })
    expect(asked.slice(1)).toEqual([['getMessageList', { conversationID: 'C2Cbob' }]])
  })

  test('its events arrive, except those about groups', async () => {
    const { tim, emit } = await openLoggedIn()
    const seen: unknown[] = []
    tim.on(TIM.EVENT.CONVERSATION_LIST_UPDATED, ({ data }) => seen.push(data))
    tim.on(TIM.EVENT.MESSAGE_RECEIVED, ({ data }) => seen.push(data))
    emit(TIM.EVENT.CONVERSATION_LIST_UPDATED, ['a conversation'])
    const text = { type: TIM.TYPES.MSG_TEXT }
    emit(TIM.EVENT.MESSAGE_RECEIVED, [text, { type: TIM.TYPES.MSG_GRP_TIP }])
    emit(TIM.EVENT.GROUP_LIST_UPDATED, ['a group of the other service'])
    expect(seen).toEqual([['a conversation'], [text]])
  })

  test('its events about attributes and counters of groups do not arrive', async () => {
    const { tim, emit } = await openLoggedIn()
    const seen: unknown[] = []
    tim.on(TIM.EVENT.GROUP_ATTRIBUTES_UPDATED, ({ data }) => seen.push(data))
    tim.on(TIM.EVENT.GROUP_COUNTER_UPDATED, ({ data }) => seen.push(data))
    emit(TIM.EVENT.GROUP_ATTRIBUTES_UPDATED, 'of the other service')
    emit(TIM.EVENT.GROUP_COUNTER_UPDATED, 'of the other service')
    expect(seen).toEqual([])
  })

  test('profiles of users come from it', async () => {
    const { tim, sdk } = await openLoggedIn()
    Object.assign(sdk, { getMyProfile: () => Promise.resolve({ data: { nick: 'Ann' } }) })
    expect(await (tim as unknown as Tim).getMyProfile()).toEqual({ data: { nick: 'Ann' } })
  })

  test("setMessageRemindType of users returns the delegate's answer", async () => {
    const { tim, asked } = await openLoggedIn()
    const options = { userIDList: ['bob'], messageRemindType: TIM.TYPES.MSG_REMIND_DISCARD }
    expect(await tim.setMessageRemindType(options)).toEqual({ data: 'set' })
    expect(asked.slice(1)).toEqual([['setMessageRemindType', options]])
  })

  test('the remind type of a group is set in both', async () => {
    const { tim, sdk, asked, codes } = await openLoggedIn()
    await tim.createGroup({ groupID: 'crew', name: 'Crew' })
    const options = { groupID: 'crew', messageRemindType: TIM.TYPES.MSG_REMIND_DISCARD }
    const changed = { ...options }
    const call = tim.setMessageRemindType(changed)
    Object.assign(changed, { groupID: 'den' })
    const { group } = (await call).data
    expect(group.selfInfo.messageRemindType).toBe(TIM.TYPES.MSG_REMIND_DISCARD)
    expect(asked.slice(1)).toEqual([['setMessageRemindType', options]])
    sdk.setMessageRemindType = () => Promise.reject(Object.assign(new Error('no'), { code: 10010 }))
    expect((await tim.setMessageRemindType(options)).data.group).toBe(group)
    await expect.poll(() => codes).toEqual([10010])
  })

  test('a remind type that is refused here does not reach it', async () => {
    const { tim, asked } = await openLoggedIn()
    const options = { groupID: 'crew', messageRemindType: 'Loud' } as never
    await expect(tim.setMessageRemindType(options)).rejects.toMatchObject({ code: 10004 })
    expect(asked.slice(1)).toEqual([])
  })

  test('its error of getMessageList comes back as it is', async () => {
    const { tim, sdk } = await openLoggedIn()
    const refused = Object.assign(new Error('no such conversation'), { code: 2500 })
    sdk.getMessageList = () => Promise.reject(refused)
    await expect(tim.getMessageList({ conversationID: 'C2Cbob' })).rejects.toBe(refused)
  })
})

test.each(['getMessageList', 'setMessageRemindType', 'getMyProfile', 'getConversationProfile'])(
  '%s of a delegate that throws rejects with its error',
  async call => {
    const { tim, sdk } = await open()
    const thrown = new Error('wrong parameters')
    const check = () => {
      throw thrown
    }
    Object.assign(sdk, { [call]: check })
    const calls = tim as unknown as Record<string, (options: unknown) => Promise<unknown>>
    await expect(calls[call]!({ conversationID: 'C2Cbob', userIDList: [] })).rejects.toBe(thrown)
  }
)

const refuse = () => Promise.reject(Object.assign(new Error('no'), { code: 70003 }))

describe('the login of a delegate', () => {
  test('that is refused is an ERROR event, and the groups are ready', async () => {
    const { codes, logins, logIn, isReady } = await open()
    logins.push(refuse)
    const ready = isReady()
    await logIn()
    await ready
    expect(codes).toEqual([70003])
  })

  test('that is refused is tried again by a repeated login', async () => {
    const { logins, logIn, isReady, user, log } = await open()
    logins.push(refuse)
    const ready = isReady()
    await logIn()
    await ready
    expect(await logIn()).toMatchObject({ data: { repeatLogin: true } })
    await expect.poll(user).toBe('ann')
    expect(log()).toEqual(['login ann', 'login ann'])
  })

  test('does not outlast a logout during it', async () => {
    const { tim, logins, logIn, user, log } = await open()
    const answer = deferred()
    logins.push(() => answer.promise)
    await logIn()
    await expect.poll(log).toEqual(['login ann'])
    const loggedOut = tim.logout()
    answer.resolve({})
    await loggedOut
    expect([user(), log()]).toEqual(['', ['login ann', 'logout']])
  })

  test("the next user's login waits for the former user's logout", async () => {
    const { tim, logins, logIn, user, log } = await open()
    const answer = deferred()
    logins.push(() => answer.promise)
    await logIn('ann')
    await expect.poll(log).toEqual(['login ann'])
    const loggedOut = tim.logout()
    const next = logIn('bob')
    answer.resolve({})
    await Promise.all([loggedOut, next])
    await expect.poll(user).toBe('bob')
    expect(log()).toEqual(['login ann', 'logout', 'login bob'])
  })

  test('replaces the session of another user', async () => {
    const { sdk, logIn, isReady, user } = await open()
    await sdk.login({ userID: 'carl', userSig: '' })
    const ready = isReady()
    await logIn('ann')
    await ready
    expect(user()).toBe('ann')
  })

  test('keeps a session of the same user', async () => {
    const { sdk, logIn, isReady, log } = await open()
    await sdk.login({ userID: 'ann', userSig: '' })
    const ready = isReady()
    await logIn('ann')
    await ready
    expect(log()).toEqual(['login ann', 'login ann'])
  })
})

describe('a delegate that is kicked out', () => {
  test('ends the session', async () => {
    const { tim, kick, events } = await openLoggedIn()
    kick(TIM.TYPES.KICKED_OUT_MULT_ACCOUNT)
    expect([tim.getLoginUser(), tim.isReady()]).toEqual(['', false])
    expect(events.slice(1)).toEqual([TIM.EVENT.KICKED_OUT, TIM.EVENT.SDK_NOT_READY])
  })

  test('is logged in again by a login in the handler', async () => {
    const { tim, kick, logIn, isReady, user } = await openLoggedIn()
    const again = new Promise<{ data: object }>(resolve =>
      tim.on(TIM.EVENT.KICKED_OUT, () => resolve(logIn()))
    )
    const ready = isReady()
    kick(TIM.TYPES.KICKED_OUT_MULT_ACCOUNT)
    expect((await again).data).not.toHaveProperty('repeatLogin')
    await ready
    expect(user()).toBe('ann')
  })
})

describe('a later TIM.create', () => {
  test('adds the delegate that the first one lacked', async () => {
    const { url } = await openServer()
    const tencent = createTencent()
    const SDKAppID = 1_600_000_000
    const tim = TIM.create({ SDKAppID } as never)
    onTestFinished(() => tim.destroy())
    expect(TIM.create({ SDKAppID, url, worker: false, delegate: tencent.sdk })).toBe(tim)
    await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
    await expect.poll(tencent.user).toBe('ann')
  })

  test('during a session logs its delegate in', async () => {
    const { url } = await openServer()
    const tencent = createTencent()
    const SDKAppID = 1_600_000_001
    const tim = TIM.create({ SDKAppID, url, worker: false })
    onTestFinished(() => tim.destroy())
    tencent.logins.push(refuse)
    const codes: number[] = []
    tim.on(TIM.EVENT.ERROR, ({ data }) => codes.push(data.code))
    const login = () => tim.login({ userID: 'ann', userSig: userSigOf('ann') })
    await login()
    TIM.create({ SDKAppID, delegate: tencent.sdk } as never)
    await expect.poll(() => codes).toEqual([70003])
    await login()
    await expect.poll(tencent.user).toBe('ann')
    await tim.logout()
    expect(tencent.log()).toEqual(['login ann', 'login ann', 'logout'])
  })

  test('without further options returns the same instance', async () => {
    const { tim, SDKAppID } = await open()
    expect(TIM.create({ SDKAppID } as never)).toBe(tim)
  })

  const conflicts: [string, object][] = [
    ['another url', { url: 'wss://elsewhere.example/sync' }],
    ['another delegate', { delegate: createTencent().sdk }],
    ['no instance of an SDK as delegate', { delegate: {} }]
  ]
  test.each(conflicts)('with %s throws 10004', async (_title, options) => {
    const { SDKAppID } = await open()
    expect(() => TIM.create({ SDKAppID, ...options } as never)).toThrow(
      expect.objectContaining({ name: 'IMError', code: 10004 })
    )
  })

  test('with the instance itself as delegate throws 10004', async () => {
    const { url } = await openServer()
    const tim = createTim(url)
    expect(() => TIM.create({ SDKAppID: 7, url, delegate: tim as never })).toThrow(
      expect.objectContaining({ name: 'IMError', code: 10004 })
    )
  })
})

describe('without a delegate', () => {
  test('a call about messages without a delegate rejects with 2905', async () => {
    const { url } = await openServer()
    const tim = createTim(url)
    await expect(tim.getConversationList()).rejects.toMatchObject({
      code: 2905,
      message: expect.stringContaining('getConversationList')
    })
    expect(() => tim.createTextMessage()).toThrow(expect.objectContaining({ code: 2905 }))
    const ofUsers = { userIDList: ['bob'], messageRemindType: TIM.TYPES.MSG_REMIND_DISCARD }
    await expect(tim.setMessageRemindType(ofUsers)).rejects.toMatchObject({ code: 2905 })
  })

  test('a UI kit gets the user and the conversation of a group', async () => {
    const { url } = await openServer()
    const tim = await logIn(url, 'ann')
    expect((await tim.getMyProfile()).data).toEqual({ userID: 'ann', nick: '', avatar: '' })
    const { group } = (await tim.createGroup({ groupID: 'crew', name: 'Crew' })).data
    const { conversation } = (await tim.getConversationProfile('GROUPcrew')).data
    expect(conversation).toMatchObject({ conversationID: 'GROUPcrew', type: 'GROUP' })
    expect(conversation.groupProfile).toBe(group)
    await expect(tim.getConversationProfile('C2Cbob')).rejects.toMatchObject({ code: 2905 })
  })

  test('the instance answers about itself', async () => {
    const { url } = await openServer()
    const before = createTim(url)
    expect([before.isReady(), before.getLoginUser()]).toEqual([false, ''])
    const tim = await logIn(url, 'ann')
    expect([tim.isReady(), tim.getLoginUser()]).toEqual([true, 'ann'])
    expect(Math.abs(tim.getServerTime() - Date.now())).toBeLessThan(60_000)
    for (const name of ['group-module', ['group-module']])
      expect(tim.callExperimentalAPI('canIUseModule', name)).toBe(true)
  })
})
