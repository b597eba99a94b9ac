/** The surface of Tencent's SDK: its sessions as 2.27 has them, its events, and a record of calls. */

import { EventEmitter } from 'node:events'
import TIM from '../../src/tim/tim.ts'

export function createTencent() {
  const asked: unknown[][] = []
  const emitter = new EventEmitter()
  const emit = (name: string, data?: unknown) => void emitter.emit(name, { name, data })
  let user = ''
  /** What the next logins wait for, the first one first. Without one, a login succeeds at once. */
  const logins: (() => Promise<unknown>)[] = []
  let underWay = 0
  let isEverParallel = false

  const record =
    <R>(name: string, answer: R) =>
    (...args: unknown[]): R => {
      asked.push([name, ...args])
      return answer
    }

  return {
    asked,
    emit,
    logins,
    /** The names of the logged calls, with the user of a login. */
    log: () =>
      asked.map(([name, options]) =>
        name === 'login' ? `login ${(options as { userID: string }).userID}` : name
      ),
    user: () => user,
    isEverParallel: () => isEverParallel,
    /** As when the user logs in elsewhere. */
    kick(type: string): void {
      user = ''
      emit(TIM.EVENT.KICKED_OUT, { type })
    },
    sdk: {
      on: (name: string, handler: (event: never) => void) =>
        void emitter.on(name, handler as never),
      off: (name: string, handler: (event: never) => void) =>
        void emitter.off(name, handler as never),
      getLoginUser: () => user,
      isReady: () => user !== '',
      async login(options: { userID: string; userSig: string }): Promise<object> {
        asked.push(['login', options])
        isEverParallel ||= underWay > 0
        underWay++
        try {
          await logins.shift()?.()
        } finally {
          underWay--
        }
        if (user !== '') return { code: 0, data: { repeatLogin: true } }
        user = options.userID
        queueMicrotask(() => emit(TIM.EVENT.SDK_READY))
        return { code: 0, data: {} }
      },
      /** A logout during a login has no effect on that login. */
      async logout(): Promise<object> {
        asked.push(['logout'])
        user = ''
        return { code: 0 }
      },
      createTextMessage: record('createTextMessage', { ID: 'm1' }),
      sendMessage: record('sendMessage', Promise.resolve({ data: { message: 'm1' } })),
      getMessageList: record('getMessageList', Promise.resolve({ data: { messageList: [] } })),
      setMessageRemindType: record('setMessageRemindType', Promise.resolve({ data: 'set' })),
      registerPlugin: record('registerPlugin', undefined)
    }
  }
}

/** A promise that the test settles. */
export function deferred<T>() {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
