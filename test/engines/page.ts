/**
 * A page of an installed browser. Pages and locators have the part of Playwright's interface that
 * tests of the demo use.
 */

import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import type { FromPage, ToPage } from './in-page.ts'
import { createFinder, type Run } from './locator.ts'

export type DrivenPage = {
  readonly id: string
  /** What tests see. */
  readonly face: object
  /** A document of this page has opened its socket. */
  enter(socket: WebSocket): void
  arrived(): Promise<unknown>
  readonly run: Run
  /** Resolves when the document has gone. */
  close(): Promise<void>
}

type Surroundings = {
  readonly url: string
  readonly moduleOf: (source: string) => string
  readonly complain: (text: string) => void
  readonly onNote: (text: string) => void
  readonly openWindow: (path: string) => Promise<DrivenPage>
}

type Call = {
  readonly socket: WebSocket
  resolve(value: unknown): void
  reject(error: Error): void
}

let pageCount = 0

/** A document whose process hangs is left to the end of its browser. */
const endMs = 5000

export function createDrivenPage({
  url,
  moduleOf,
  complain,
  onNote,
  openWindow
}: Surroundings): DrivenPage {
  const id = `page-${pageCount++}`
  const calls = new Map<number, Call>()
  const arrivals: ((socket: WebSocket) => void)[] = []
  let callCount = 0
  let socket: WebSocket | undefined

  function enter(entered: WebSocket): void {
    socket = entered
    const welcome: ToPage = { type: 'welcome', pageID: id }
    entered.send(JSON.stringify(welcome))
    entered.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as FromPage
      if (message.type === 'complaint') complain(message.text)
      if (message.type === 'note') onNote(message.text)
      if (message.type === 'result') settle(message)
    })
    entered.on('close', () => {
      if (socket === entered) socket = undefined
      // The next document may have arrived before the last one closes its socket.
      for (const [id, call] of calls)
        if (call.socket === entered) settle({ type: 'result', id, error: 'the document has gone' })
    })
    for (const resolve of arrivals.splice(0)) resolve(entered)
  }

  function settle({ id, value, error }: FromPage & { type: 'result' }): void {
    const call = calls.get(id)
    calls.delete(id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(new Error(error))
  }

  const nextArrival = () => new Promise<WebSocket>(resolve => arrivals.push(resolve))
  const arrived = async () => socket ?? nextArrival()

  /** Runs the function of this source in the page. */
  async function run(source: string, ...args: readonly unknown[]): Promise<unknown> {
    const connected = await arrived()
    return new Promise((resolve, reject) => {
      const message: ToPage = {
        type: 'run',
        id: callCount++,
        module: moduleOf(`export default ${source}`),
        args
      }
      calls.set(message.id, { socket: connected, resolve, reject })
      connected.send(JSON.stringify(message))
    })
  }

  /** Resolves when the next document has arrived, or one from the back-forward cache. */
  async function leave(source: string, ...args: readonly unknown[]): Promise<void> {
    await arrived()
    const next = nextArrival()
    // Expected: the document goes before it has answered.
    await run(source, ...args).catch(() => undefined)
    await next
  }

  async function close(): Promise<void> {
    const ending = socket
    if (!ending) return
    const closed = once(ending, 'close')
    // An engine that keeps a window of another opener still ends the document.
    void run('() => { close(); location.replace("about:blank") }').catch(() => undefined)
    await Promise.race([closed, wait(endMs)])
  }

  const face: object = {
    ...createFinder(run, () => face),
    url: () => `${url}/`,
    evaluate: (work: unknown, arg?: unknown) => run(String(work), arg),
    waitForFunction: (work: unknown) =>
      run(
        `async () => { while (!(${String(work)})()) await new Promise(next => setTimeout(next, 20)) }`
      ),
    reload: () => leave('() => location.reload()'),
    goto: (address: string) => leave('address => { location.href = address }', address),
    goBack: () => leave('() => history.back()'),
    keyboard: {
      press: (key: string) => run('key => driven.pressFocused(key)', key),
      type: (text: string) => run('text => document.execCommand("insertText", false, text)', text)
    },
    context: () => ({ newPage: async () => (await openWindow('/drive/empty')).face })
  }
  return { id, face, enter, arrived, run, close }
}
