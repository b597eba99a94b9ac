/**
 * Pages of an installed browser, driven over the driver's socket. Pages and locators have the part
 * of Playwright's interface that tests of the demo use.
 */

import type { Page } from 'playwright'
import type { WebSocket } from 'ws'
import type { FromPage, ToPage } from './in-page.ts'
import { createProfile, launch, type Engine, type LaunchedBrowser } from './launch.ts'
import { createFinder, type Run } from './locator.ts'
import { openProxy } from './proxy.ts'

export type DrivenBrowser = {
  readonly url: string
  /** Uncaught errors of any page. */
  readonly complaints: readonly string[]
  /** Where the browser keeps its data. */
  readonly folder: string
  /** Starts the browser on the same profile, with one page for each path. */
  start(...paths: readonly string[]): Promise<readonly Page[]>
  /** SIGKILL. */
  kill(): Promise<void>
  close(): Promise<void>
}

type Options = {
  readonly engine: Engine
  readonly to: () => number
  readonly before?: (() => void) | undefined
  /** Receives the values that a page sends with `driven.note`. */
  readonly onNote?: (text: string) => void
  /** More environment variables, for each start. */
  readonly env?: () => Readonly<Record<string, string>>
} & Pick<Parameters<typeof launch>[2], 'isPrivate' | 'isStorageDenied' | 'args' | 'preferences'>

/** A browser with a fresh profile before a server under test. */
export async function openDriven({
  engine,
  to,
  before,
  onNote = () => undefined,
  env = () => ({}),
  ...options
}: Options): Promise<DrivenBrowser> {
  const profile = createProfile()
  const complaints: string[] = []
  const pages = new Map<string, DrivenPage>()
  let awaited: DrivenPage[] = []
  let browser: LaunchedBrowser | undefined
  /** An empty page of the browser that opens the windows. */
  let opener: DrivenPage | undefined

  const proxy = await openProxy({
    to,
    before: before && `(${before.toString()})()`,
    onPage(socket) {
      socket.once('message', (data: Buffer) => {
        const hello = JSON.parse(data.toString()) as FromPage & { type: 'hello' }
        const page = pages.get(hello.pageID) ?? awaited.shift()
        if (!page) return socket.terminate()
        pages.set(page.id, page)
        page.enter(socket)
      })
    }
  })
  const createPage = (): DrivenPage =>
    createDrivenPage({
      url: proxy.url,
      moduleOf: proxy.moduleOf,
      complain: text => complaints.push(text),
      onNote,
      openWindow
    })

  /** A window, because a tab in the background draws nothing. */
  async function openWindow(path: string): Promise<DrivenPage> {
    const page = createPage()
    awaited.push(page)
    await opener?.run(
      '(address, features) => void open(address, "", features)',
      new URL(path, proxy.url).href,
      windowFeatures[engine]
    )
    await page.arrived()
    return page
  }

  async function kill(): Promise<void> {
    await browser?.kill()
    pages.clear()
  }

  return {
    url: proxy.url,
    folder: profile.folder,
    complaints,
    kill,
    async start(...paths) {
      opener = createPage()
      awaited = [opener]
      browser = await launch(engine, profile, {
        ...options,
        env: env(),
        urls: [`${proxy.url}/drive/empty`]
      })
      await opener.arrived()
      const started: DrivenPage[] = []
      for (const path of paths) started.push(await openWindow(path))
      // Tests use only the part that is there. Another call throws a TypeError.
      return started.map(page => page.face as unknown as Page)
    },
    async close() {
      await kill()
      proxy.close()
      profile.remove()
    }
  }
}

/** A page with an opener would not enter the back-forward cache. */
const windowFeatures: Readonly<Record<Engine, string>> = {
  // Another size would make a narrow window. A tab is as wide as the first window.
  chromium: 'noopener',
  firefox: 'noopener,width=1280,height=900',
  webkit: 'noopener,width=1280,height=900'
}

type DrivenPage = {
  readonly id: string
  /** What tests see. */
  readonly face: object
  /** A document of this page has opened its socket. */
  enter(socket: WebSocket): void
  arrived(): Promise<unknown>
  readonly run: Run
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

function createDrivenPage({
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
  return { id, face, enter, arrived, run }
}
