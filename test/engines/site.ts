/** A server under test as one browser sees it: an origin of its own, with its own storage. */

import type { Engine } from './launch.ts'
import type { Hello } from './messages.ts'
import { createDrivenPage, type DrivenPage } from './page.ts'
import { openProxy } from './proxy.ts'

export type Site = {
  readonly url: string
  /** Uncaught errors of any page. */
  readonly complaints: readonly string[]
  /** A window, because a tab in the background draws nothing. */
  openWindow(path: string): Promise<DrivenPage>
  /** The page of the next document that arrives at this path in a new window. */
  await(path: string): DrivenPage
  /** The browser has ended, and its pages with it. */
  forget(): void
  close(): Promise<void>
}

export type SiteOptions = {
  /** The port of the server under test. It may change when that server is restarted. */
  readonly to: () => number
  readonly before?: (() => void) | undefined
  /** A call that waits for longer fails. Shorter than the limit of a test, which names no call. */
  readonly limitMs?: number | undefined
}

type Surroundings = SiteOptions & {
  readonly engine: Engine
  readonly onNote: (text: string) => void
  /** Opens a window at an address. */
  readonly open: (address: string) => Promise<void>
}

export async function openSite({
  engine,
  to,
  before,
  limitMs = 150_000,
  onNote,
  open
}: Surroundings): Promise<Site> {
  const complaints: string[] = []
  const pages = new Map<string, DrivenPage>()
  /** By the ID of a document. */
  const entered = new Map<string, DrivenPage>()
  /** By the address of the document to come. */
  const awaited = new Map<string, DrivenPage>()

  const proxy = await openProxy({
    to,
    before: before && `(${before.toString()})()`,
    onPage(socket) {
      socket.once('message', (data: Buffer) => {
        const { pageID, documentID, url } = JSON.parse(data.toString()) as Hello
        // A window with the name of a forgotten page is none that anybody awaits.
        const named = pageID === '' ? awaited.get(url) : pages.get(pageID)
        // A document may lose its socket before its welcome.
        const page = entered.get(documentID) ?? named
        if (!page) return socket.terminate()
        if (page === awaited.get(url)) awaited.delete(url)
        entered.set(documentID, page)
        page.enter(socket, documentID)
      })
    }
  })

  const addressOf = (path: string) => new URL(path, proxy.url).href
  function awaitPage(path: string): DrivenPage {
    const page = createDrivenPage({
      engine,
      url: proxy.url,
      limitMs,
      moduleOf: proxy.moduleOf,
      complain: text => complaints.push(text),
      onNote,
      openWindow
    })
    pages.set(page.id, page)
    awaited.set(addressOf(path), page)
    return page
  }
  async function openWindow(path: string): Promise<DrivenPage> {
    const page = awaitPage(path)
    await open(addressOf(path))
    await page.arrived()
    return page
  }
  function forget(): void {
    for (const page of pages.values()) page.end('the browser has ended')
    pages.clear()
    entered.clear()
    awaited.clear()
  }

  return {
    url: proxy.url,
    complaints,
    openWindow,
    await: awaitPage,
    forget,
    async close() {
      await Promise.all([...pages.values()].map(page => page.close()))
      proxy.close()
    }
  }
}
