/** An instance of Tencent's SDK beside the TIM API, and calls that are not about groups. */

import { EventEmitter } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import TIM from '../../src/tim/tim.ts'
import { createTim, logIn, openServer, userSigOf } from './page.ts'

/** The surface of Tencent's SDK: what it was called with, and its events. */
function tencent() {
  const asked: unknown[][] = []
  const emitter = new EventEmitter()
  const record =
    <R>(name: string, answer: R) =>
    (...args: unknown[]): R => {
      asked.push([name, ...args])
      return answer
    }
  return {
    asked,
    emit: (name: string, data: unknown) => void emitter.emit(name, { name, data }),
    sdk: {
      on: (name: string, handler: (event: never) => void) =>
        void emitter.on(name, handler as never),
      off: (name: string, handler: (event: never) => void) =>
        void emitter.off(name, handler as never),
      async login(options: object): Promise<object> {
        asked.push(['login', options])
        emitter.emit(TIM.EVENT.SDK_READY, {})
        return { code: 0 }
      },
      logout: record('logout', Promise.resolve({ code: 0 })),
      createTextMessage: record('createTextMessage', { ID: 'm1' }),
      sendMessage: record('sendMessage', Promise.resolve({ data: { message: 'm1' } })),
      getMessageList: record('getMessageList', Promise.resolve({ data: { messageList: [] } })),
      registerPlugin: record('registerPlugin', undefined)
    }
  }
}

async function open() {
  const { url } = await openServer()
  const delegate = tencent()
  const SDKAppID = 1_500_000_000 + Math.floor(Math.random() * 1e6)
  const tim = TIM.create({ SDKAppID, url, worker: false, delegate: delegate.sdk })
  onTestFinished(() => tim.destroy())
  const ready = new Promise<void>(resolve => tim.once(TIM.EVENT.SDK_READY, () => resolve()))
  await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
  await ready
  return { tim, ...delegate }
}

describe('with a delegate', () => {
  test('login and logout go to both', async () => {
    const { tim, asked } = await open()
    await tim.logout()
    expect(asked.map(([name]) => name)).toEqual(['login', 'logout'])
    expect(asked[0]?.[1]).toMatchObject({ userID: 'ann' })
  })

  test('calls that are not about groups come back as they are', async () => {
    const { tim, asked } = await open()
    const message = tim.createTextMessage({ to: 'bob' })
    expect(message).toEqual({ ID: 'm1' })
    expect(await tim.sendMessage(message)).toEqual({ data: { message: 'm1' } })
    expect(asked.slice(1)).toEqual([
      ['createTextMessage', { to: 'bob' }],
      ['sendMessage', { ID: 'm1' }]
    ])
  })

  test('messages of other conversations come from it', async () => {
    const { tim, asked } = await open()
    await tim.getMessageList({ conversationID: 'C2Cbob' })
    await tim.getMessageList({ conversationID: TIM.TYPES.CONV_SYSTEM })
    expect(asked.slice(1)).toEqual([['getMessageList', { conversationID: 'C2Cbob' }]])
  })

  test('its events arrive, except those about groups', async () => {
    const { tim, emit } = await open()
    const seen: unknown[] = []
    tim.on(TIM.EVENT.CONVERSATION_LIST_UPDATED, ({ data }) => seen.push(data))
    tim.on(TIM.EVENT.MESSAGE_RECEIVED, ({ data }) => seen.push(data))
    emit(TIM.EVENT.CONVERSATION_LIST_UPDATED, ['a conversation'])
    const text = { type: TIM.TYPES.MSG_TEXT }
    emit(TIM.EVENT.MESSAGE_RECEIVED, [text, { type: TIM.TYPES.MSG_GRP_TIP }])
    emit(TIM.EVENT.GROUP_LIST_UPDATED, ['a group of the other service'])
    expect(seen).toEqual([['a conversation'], [text]])
  })
})

describe('without a delegate', () => {
  test('a call that is not about groups rejects with 2905 and its name', async () => {
    const { url } = await openServer()
    const tim = createTim(url)
    await expect(tim.getConversationList()).rejects.toMatchObject({
      code: 2905,
      message: expect.stringContaining('getConversationList')
    })
    expect(() => tim.createTextMessage()).toThrow(expect.objectContaining({ code: 2905 }))
  })

  test('the instance answers about itself', async () => {
    const { url } = await openServer()
    const before = createTim(url)
    expect([before.isReady(), before.getLoginUser()]).toEqual([false, ''])
    const tim = await logIn(url, 'ann')
    expect([tim.isReady(), tim.getLoginUser()]).toEqual([true, 'ann'])
    expect(Math.abs(tim.getServerTime() - Date.now())).toBeLessThan(60_000)
    expect(tim.callExperimentalAPI('canIUseModule', 'group-module')).toBe(true)
  })
})
