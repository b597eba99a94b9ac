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
  const ended = new Set<LaunchedBrowser>()
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

  async function start(paths: readonly string[], attempt: number): Promise<readonly DrivenPage[]> {
    // No document of an earlier start has the same address.
    const path = `/drive/empty?${startCount++}`
    opener = site.await(path)
    const urls = [site.url + path]
    const launched = await launch(engine, profile, { ...options, env: env(), urls })
    browser = launched
    void launched.ended.then(() => {
      ended.add(launched)
      if (browser === launched) forget()
    })
    try {
      await opener.arrived()
      const started: DrivenPage[] = []
      for (const path of paths) started.push(await site.openWindow(path))
      return started
    } catch (error) {
      if (!ended.has(launched) || attempt === startsMax) throw error
      await launched.kill()
      return start(paths, attempt + 1)
    }
  }

  return {
    url: site.url,
    folder: profile.folder,
    complaints: site.complaints,
    kill,
    // Tests use only the part that is there. Another call throws a TypeError.
    start: async (...paths) => (await start(paths, 1)).map(({ face }) => face as unknown as Page),
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

/** MiniBrowser now and then ends by itself while it starts on the profile of a killed one. */
const startsMax = 3

/** A page with an opener would not enter the back-forward cache. */
const windowFeatures: Readonly<Record<Engine, string>> = {
  // Another size would make a narrow window. A tab is as wide as the first window.
  chromium: 'noopener',
  firefox: 'noopener,width=1280,height=900',
  webkit: 'noopener,width=1280,height=900'
}
