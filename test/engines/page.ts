/**
 * A page of an installed browser. Pages and locators have the part of Playwright's interface that
 * tests of the demo use.
 */

import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import type { Engine } from './launch.ts'
import { createFinder, type Run } from './locator.ts'
import type { FromPage, ToPage } from './messages.ts'

export type DrivenPage = {
  readonly id: string
  /** What tests see. */
  readonly face: object
  /** A document of this page has opened a socket. */
  enter(socket: WebSocket, documentID: string): void
  arrived(): Promise<unknown>
  readonly run: Run
  /** Resolves when the document has gone. */
  close(): Promise<void>
  /** Rejects the calls of this page, now and later. */
  end(reason: string): void
}

type Surroundings = {
  readonly engine: Engine
  readonly url: string
  readonly limitMs: number
  readonly moduleOf: (source: string) => string
  readonly complain: (text: string) => void
  readonly onNote: (text: string) => void
  readonly openWindow: (path: string) => Promise<DrivenPage>
}

/** The socket changes when a document connects again. Its calls stay. */
type Document = { readonly id: string; socket: WebSocket | undefined }

type Settlers<T> = { resolve(value: T): void; reject(reason: string): void }
type Call = Settlers<unknown> & {
  readonly document: Document
  readonly message: ToPage & { type: 'run' }
}
/** `left`: the document that does not count. */
type Arrival = Settlers<Document> & { readonly left: Document | undefined }

let pageCount = 0

/** Of the description of a call in an error. */
const labelLength = 300

/** A document whose process hangs is left to the end of its browser. */
const endMs = 5000

export function createDrivenPage({
  engine,
  url,
  limitMs,
  moduleOf,
  complain,
  onNote,
  openWindow
}: Surroundings): DrivenPage {
  const id = `page-${pageCount++}`
  const calls = new Set<Call>()
  const arrivals = new Set<Arrival>()
  let callCount = 0
  let current: Document | undefined
  let ended: string | undefined

  function enter(socket: WebSocket, documentID: string): void {
    if (current?.id !== documentID) {
      for (const { reject } of calls) reject('another document has taken the page over')
      current = { id: documentID, socket }
    }
    const document = current
    document.socket = socket
    const send = (message: ToPage) => socket.send(JSON.stringify(message))
    send({ type: 'welcome', pageID: id })
    // The last socket may have lost calls or results. The document runs no call twice.
    for (const { message } of calls) send(message)
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as FromPage
      if (message.type === 'complaint') complain(message.text)
      if (message.type === 'note') onNote(message.text)
      if (message.type === 'result') settle(message)
    })
    socket.on('close', () => {
      if (document.socket === socket) document.socket = undefined
    })
    for (const { left, resolve } of arrivals) if (left !== document) resolve(document)
  }

  function settle({ id, value, error }: FromPage & { type: 'result' }): void {
    const call = [...calls].find(({ message }) => message.id === id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(error)
  }

  /** Adds an entry to a set until it is settled, at most for as long as the limit. */
  function waitIn<T, Fields>(entries: Set<Fields & Settlers<T>>, fields: Fields, label: string) {
    return new Promise<T>((resolve, reject) => {
      const settling =
        <Value>(settler: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer)
          entries.delete(entry)
          settler(value)
        }
      const fail = (reason: string) => reject(new Error(`${engine}, ${id}: ${reason}: ${label}`))
      const entry = { ...fields, resolve: settling(resolve), reject: settling(fail) }
      const timer = setTimeout(() => entry.reject(`nothing after ${limitMs} ms`), limitMs)
      entries.add(entry)
      if (ended !== undefined) entry.reject(ended)
    })
  }

  /** Resolves when a document is connected, other than the one that the page leaves. */
  const arrived = async (label = 'arrival', left?: Document) =>
    current?.socket && current !== left ? current : waitIn(arrivals, { left }, label)

  /** Runs the function of this source in the page. */
  async function run(source: string, ...args: readonly unknown[]): Promise<unknown> {
    const label = `${source} ${JSON.stringify(args)}`.replace(/\s+/g, ' ').slice(0, labelLength)
    const document = await arrived(label)
    const module = moduleOf(`export default ${source}`)
    const message = { type: 'run', id: callCount++, module, args } as const
    const result = waitIn(calls, { document, message }, label)
    document.socket?.send(JSON.stringify(message satisfies ToPage))
    return result
  }

  /** Resolves when the next document has arrived, or one from the back-forward cache. */
  async function leave(source: string, ...args: readonly unknown[]): Promise<void> {
    const next = arrived(source, await arrived(source))
    // Expected: the document goes before it has answered.
    await Promise.all([next, run(source, ...args).catch(() => undefined)])
  }

  async function close(): Promise<void> {
    const ending = current?.socket
    if (ending) {
      const closed = once(ending, 'close')
      // An engine that keeps a window of another opener still ends the document.
      void run('() => { close(); location.replace("about:blank") }').catch(() => undefined)
      await Promise.race([closed, wait(endMs)])
    }
    end('the page is closed')
  }

  function end(reason: string): void {
    ended = reason
    current = undefined
    for (const { reject } of [...calls, ...arrivals]) reject(reason)
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
  return { id, face, enter, arrived, run, close, end }
}
