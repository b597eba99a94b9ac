/**
 * Tencent's real SDK, logged in, in Node: the browser features that it needs, and a socket that
 * answers as a server without groups. Frames are JSON in UTF-8: a head with the command, and a body.
 */

import { createRequire } from 'node:module'

type Body = Readonly<Record<string, unknown>>
type SdkEvent = { readonly data: unknown }
export type Sdk = Readonly<Record<string, (...args: readonly unknown[]) => unknown>> & {
  on(name: string, handler: (event: SdkEvent) => void): void
}

const nothing = () => undefined
const ok = { ActionStatus: 'OK', ErrorCode: 0, ErrorInfo: '' }
/** After a success, the SDK would send messages. */
const refused = { ActionStatus: 'FAIL', ErrorCode: 10007, ErrorInfo: '' }

/** By command. Other commands about groups are refused, and the rest succeed with nothing. */
const answers: Readonly<Record<string, Body>> = {
  wslogin: { A2Key: 'key', TinyId: '1', InstId: 1, HelloInterval: 120, ExpireTime: 99_999_999 },
  get_joined_group_list: { TotalCount: 0, GroupIdList: [] },
  page_get: { CompleteFlag: 1, SessionItem: [] },
  getmsg: { SyncFlag: 2, MsgList: [] }
}

class AnsweringSocket {
  readyState = 0
  extensions = ''
  onopen: () => void = nothing
  onmessage: (event: { data: ArrayBuffer }) => void = nothing
  constructor() {
    setImmediate(() => {
      this.readyState = 1
      this.onopen()
    })
  }
  send(frame: Uint8Array): void {
    const { head } = JSON.parse(Buffer.from(frame).toString()) as {
      head: { servcmd: string; seq: number }
    }
    const [service = '', command = ''] = head.servcmd.split('.')
    const isRefused = service.includes('group') && !Object.hasOwn(answers, command)
    const answer = {
      head: { ...head, errorcode: 0 },
      body: isRefused ? refused : { ...ok, ...answers[command] }
    }
    const { buffer } = new TextEncoder().encode(JSON.stringify(answer))
    setImmediate(() => this.onmessage({ data: buffer }))
  }
  close(): void {
    this.readyState = 3
  }
}

/** Without these, the SDK does not load. */
const browser = {
  window: globalThis,
  self: globalThis,
  location: { href: 'http://localhost/', protocol: 'http:', hostname: 'localhost', pathname: '/' },
  document: { createElement: () => ({}), addEventListener: nothing, cookie: '' },
  localStorage: { getItem: () => null, setItem: nothing, removeItem: nothing, length: 0 },
  addEventListener: nothing,
  WebSocket: AnsweringSocket,
  XMLHttpRequest: class {
    open = nothing
    send = nothing
    setRequestHeader = nothing
  }
}
const navigatorOf = { userAgent: 'Chrome/120.0', platform: 'Linux', language: 'en', onLine: true }

export async function openSdk(): Promise<Sdk> {
  Object.assign(globalThis, browser)
  Object.defineProperty(globalThis, 'navigator', { value: navigatorOf, configurable: true })
  const load = createRequire(import.meta.url)
  const { create, EVENT } = load('tim-js-sdk') as {
    create(options: object): Sdk
    EVENT: Readonly<Record<string, string>>
  }
  const sdk = create({ SDKAppID: 1400000001 })
  sdk['setLogLevel']!(4)
  const ready = new Promise<void>(resolve => sdk.on(EVENT['SDK_READY']!, () => resolve()))
  await sdk['login']!({ userID: 'ann', userSig: 'sig' })
  await ready
  return sdk
}
