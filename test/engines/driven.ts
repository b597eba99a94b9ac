/** An installed browser, driven over the driver's socket, before a server under test. */

import type { Page } from 'playwright'
import { createProfile, launch, type Engine, type LaunchedBrowser } from './launch.ts'
import type { DrivenPage } from './page.ts'
import { openSite, type Site, type SiteOptions } from './site.ts'

export type DrivenBrowser = Pick<Site, 'url' | 'complaints' | 'close'> & {
  /** Where the browser keeps its data. */
  readonly folder: string
  /** Starts the browser on the same profile, with one page for each path. */
  start(...paths: readonly string[]): Promise<readonly Page[]>
  /** A page of another site, with storage of its own. The browser has been started. */
  openSite(options: SiteOptions): Promise<Pick<Site, 'close' | 'complaints'> & { page: Page }>
  /** SIGKILL. */
  kill(): Promise<void>
}

type Options = SiteOptions & {
  readonly engine: Engine
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
  let browser: LaunchedBrowser | undefined
  let startCount = 0
  /** An empty page, which opens the windows. */
  let opener: DrivenPage | undefined

  const open = async (address: string) =>
    void (await opener?.run(
      '(address, features) => void open(address, "", features)',
      address,
      windowFeatures[engine]
    ))
  const surroundings = { engine, onNote, open }
  const site = await openSite({ to, before, ...surroundings })
  const sites = new Set([site])
  const forget = () => {
    for (const { forget } of sites) forget()
  }
  const kill = async () => {
    await browser?.kill()
    forget()
  }

  return {
    url: site.url,
    folder: profile.folder,
    complaints: site.complaints,
    kill,
    async start(...paths) {
      // No document of an earlier start has the same address.
      const path = `/drive/empty?${startCount++}`
      opener = site.await(path)
      const launched = await launch(engine, profile, {
        ...options,
        env: env(),
        urls: [site.url + path]
      })
      browser = launched
      void launched.ended.then(() => {
        if (browser === launched) forget()
      })
      await opener.arrived()
      const started: DrivenPage[] = []
      for (const path of paths) started.push(await site.openWindow(path))
      // Tests use only the part that is there. Another call throws a TypeError.
      return started.map(page => page.face as unknown as Page)
    },
    async openSite(options) {
      const other = await openSite({ ...options, ...surroundings })
      sites.add(other)
      const { face } = await other.openWindow('/')
      return {
        page: face as unknown as Page,
        complaints: other.complaints,
        async close() {
          await other.close()
          sites.delete(other)
        }
      }
    },
    async close() {
      await kill()
      await site.close()
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
