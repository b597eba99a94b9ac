/**
 * Tencent's real SDK, logged in, in Node: the browser features that it needs, and a socket that a
 * test answers. Frames are JSON in UTF-8: a head with the command, and a body.
 */

import { createRequire } from 'node:module'

export type Body = Readonly<Record<string, unknown>>
/** Answers a command, for example `create_group` of the service `group_open_http_svc`. */
export type Service = (command: string, body: Body, service: string) => Body

type SdkEvent = { readonly name: string; readonly data: unknown }
export type Sdk = Readonly<Record<string, (...args: readonly unknown[]) => unknown>> & {
  on(name: string, handler: (event: SdkEvent) => void): void
}

const nothing = () => undefined
export const done = { ActionStatus: 'OK', ErrorCode: 0, ErrorInfo: '' }
export const refusal = (code: number) => ({ ActionStatus: 'FAIL', ErrorCode: code, ErrorInfo: '' })

/** By command: the answers that a login needs. */
export const sessionAnswers: Readonly<Record<string, Body>> = {
  wslogin: { A2Key: 'key', TinyId: '1', InstId: 1, HelloInterval: 120, ExpireTime: 99_999_999 },
  get_joined_group_list: { TotalCount: 0, GroupIdList: [] },
  page_get: { CompleteFlag: 1, SessionItem: [] },
  getmsg: { SyncFlag: 2, MsgList: [] }
}

/** A server without groups. After a success, the SDK would send messages. */
const withoutGroups: Service = (command, _body, service) =>
  service.includes('group') && !Object.hasOwn(sessionAnswers, command)
    ? refusal(10007)
    : { ...done, ...sessionAnswers[command] }

function createSocketClass(serve: Service, opened: (push: (body: Body) => void) => void) {
  return class {
    readyState = 0
    extensions = ''
    onopen: () => void = nothing
    onmessage: (event: { data: ArrayBuffer }) => void = nothing
    constructor() {
      setImmediate(() => {
        this.readyState = 1
        this.onopen()
        opened(body => this.receive({ servcmd: 'im_open_push.msg_push', seq: 1 }, body))
      })
    }
    send(frame: Uint8Array): void {
      const { head, body } = JSON.parse(Buffer.from(frame).toString()) as {
        head: { servcmd: string; seq: number }
        body: Body
      }
      const [service = '', command = ''] = head.servcmd.split('.')
      this.receive(head, serve(command, body, service))
    }
    receive(head: object, body: Body): void {
      const frame = JSON.stringify({ head: { ...head, errorcode: 0 }, body })
      const { buffer } = new TextEncoder().encode(frame)
      setImmediate(() => {
        if (this.readyState === 1) this.onmessage({ data: buffer })
      })
    }
    close(): void {
      this.readyState = 3
    }
  }
}

/** Without these, the SDK does not load. */
const browser = {
  window: globalThis,
  self: globalThis,
  location: { href: 'http://localhost/', protocol: 'http:', hostname: 'localhost', pathname: '/' },
  document: { createElement: () => ({}), addEventListener: nothing, cookie: '', charset: 'UTF-8' },
  localStorage: { getItem: () => null, setItem: nothing, removeItem: nothing, length: 0 },
  addEventListener: nothing,
  removeEventListener: nothing,
  XMLHttpRequest: class {
    open = nothing
    send = nothing
    abort = nothing
    setRequestHeader = nothing
  }
}
const navigatorOf = { userAgent: 'Chrome/120.0', platform: 'Linux', language: 'en', onLine: true }
let lastAppID = 1_400_000_000

export async function openSdk({
  serve = withoutGroups,
  userID = 'ann'
}: { serve?: Service; userID?: string } = {}): Promise<
  Sdk & { push(this: void, body: Body): void }
> {
  let push: (body: Body) => void = nothing
  const WebSocket = createSocketClass(serve, send => {
    push = send
  })
  Object.assign(globalThis, browser, { WebSocket })
  Object.defineProperty(globalThis, 'navigator', { value: navigatorOf, configurable: true })
  const load = createRequire(import.meta.url)
  const { create, EVENT } = load('tim-js-sdk') as {
    create(options: object): Sdk
    EVENT: Readonly<Record<string, string>>
  }
  // The SDK has one instance for each app.
  const sdk = create({ SDKAppID: ++lastAppID })
  sdk['setLogLevel']!(4)
  const ready = new Promise<void>(resolve => sdk.on(EVENT['SDK_READY']!, () => resolve()))
  await sdk['login']!({ userID, userSig: 'sig' })
  await ready
  return Object.assign(Object.create(sdk) as Sdk, { push: (body: Body) => push(body) })
}
