/** A Chromium with a new profile, isolated pages, and measurements over its protocol. */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { chromium, type BrowserContext, type CDPSession, type Page } from 'playwright'
import { chromiumArgs, findChromium } from '../browser/chromium.ts'
import { builtFolder } from './build.ts'
import type { Bench } from './page.ts'

declare global {
  interface Window {
    bench: Bench
    cold: ReturnType<Bench['coldStart']>
  }
}

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm'
}

export async function servePages(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1)
    readFile(join(builtFolder, name)).then(
      body => {
        response.writeHead(200, {
          'content-type': types[extname(name)] ?? 'text/plain',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-embedder-policy': 'require-corp',
          'cache-control': 'max-age=3600'
        })
        response.end(body)
      },
      () => response.writeHead(404).end()
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () => server.close()
  }
}

export type Session = {
  readonly page: Page
  readonly cdp: CDPSession
  readonly version: string
  close(): Promise<void>
}

/** A profile on disk that outlives the browser. */
export async function newProfile(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

export async function openPage(folder: string, url: string): Promise<Session> {
  const context: BrowserContext = await chromium.launchPersistentContext(folder, {
    executablePath: await findChromium(),
    args: [
      ...chromiumArgs,
      '--enable-blink-features=ForceEagerMeasureMemory',
      '--js-flags=--expose-gc'
    ],
    headless: true
  })
  const page = context.pages()[0] ?? (await context.newPage())
  page.on('pageerror', error => console.error(`      ${error.message}`))
  await page.goto(url)
  await page.waitForFunction(() => 'bench' in window)
  const cdp = await context.newCDPSession(page)
  const { product } = await cdp.send('Browser.getVersion')
  return { page, cdp, version: product, close: () => context.close() }
}

/** The busy milliseconds of the UI thread during `work`, and its longest task. */
export async function traced(
  page: Page,
  work: () => Promise<unknown>
): Promise<{ busyMs: number; longestMs: number }> {
  const browser = page.context().browser()
  if (!browser) throw new Error('no browser to trace')
  await browser.startTracing(page, {
    categories: [
      'toplevel',
      '__metadata',
      'disabled-by-default-devtools.timeline',
      'blink.user_timing'
    ]
  })
  await page.evaluate(() => performance.mark('bench-begin'))
  await work()
  await page.evaluate(() => performance.mark('bench-end'))
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[]
  }
  const [begin, end] = ['bench-begin', 'bench-end'].map(name =>
    traceEvents.find(event => event.name === name)
  )
  if (!begin || !end) throw new Error('nothing was traced')
  const tasks = traceEvents.filter(
    ({ name, pid, tid, ts }) =>
      name === 'RunTask' && pid === begin.pid && tid === begin.tid && ts > begin.ts && ts < end.ts
  )
  const durations = tasks.map(({ dur = 0 }) => dur / 1000)
  return {
    busyMs: durations.reduce((sum, ms) => sum + ms, 0),
    longestMs: Math.max(0, ...durations)
  }
}
type TraceEvent = { name: string; pid: number; tid: number; ts: number; dur?: number }

/** MiB of page and worker after a collection, and the private memory of the renderer. */
export async function memory({
  page,
  cdp
}: Session): Promise<{ heapMiB: number; privateMiB: number }> {
  await cdp.send('HeapProfiler.collectGarbage')
  const bytes = await page.evaluate(async () => {
    const measure = performance as unknown as {
      measureUserAgentSpecificMemory(): Promise<{ bytes: number }>
    }
    return (await measure.measureUserAgentSpecificMemory()).bytes
  })
  const browser = await page.context().browser()?.newBrowserCDPSession()
  const { processInfo } = (await browser?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] }
  const sizes = await Promise.all(
    processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => privateBytes(id))
  )
  return { heapMiB: bytes / 2 ** 20, privateMiB: Math.max(...sizes) / 2 ** 20 }
}

async function privateBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  const kib = [...text.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce(
    (sum, [, size]) => sum + Number(size),
    0
  )
  return kib * 1024
}
