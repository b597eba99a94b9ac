/** A server under test as one browser sees it: an origin of its own, with its own storage. */

import type { FromPage } from './in-page.ts'
import { createDrivenPage, type DrivenPage } from './page.ts'
import { openProxy } from './proxy.ts'

export type Site = {
  readonly url: string
  /** Uncaught errors of any page. */
  readonly complaints: readonly string[]
  /** A window, because a tab in the background draws nothing. */
  openWindow(path: string): Promise<DrivenPage>
  /** The page of the next document that arrives. */
  await(): DrivenPage
  /** The browser has ended, and its pages with it. */
  forget(): void
  close(): Promise<void>
}

export type SiteOptions = {
  /** The port of the server under test. It may change when that server is restarted. */
  readonly to: () => number
  readonly before?: (() => void) | undefined
}

/** Opens a window at an address. */
export type Open = (address: string) => Promise<void>

export async function openSite(
  { to, before }: SiteOptions,
  onNote: (text: string) => void,
  open: Open
): Promise<Site> {
  const complaints: string[] = []
  const pages = new Map<string, DrivenPage>()
  const awaited: DrivenPage[] = []

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

  function awaitPage(): DrivenPage {
    const page = createDrivenPage({
      url: proxy.url,
      moduleOf: proxy.moduleOf,
      complain: text => complaints.push(text),
      onNote,
      openWindow
    })
    awaited.push(page)
    return page
  }
  async function openWindow(path: string): Promise<DrivenPage> {
    const page = awaitPage()
    await open(new URL(path, proxy.url).href)
    await page.arrived()
    return page
  }
  function forget(): void {
    pages.clear()
    awaited.length = 0
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
