/** Both halves of the driver over real sockets, with a document that runs without a browser. */

import { setTimeout as wait } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { inPage } from './in-page.ts'
import type { DrivenPage } from './page.ts'
import { openSite, type Site } from './site.ts'

/** A document in a window. Its scripts can use `count` and `release`. */
type FakeDocument = {
  readonly window: { name: string; count: number; release?: (value: unknown) => void }
  /** Ends the connection as a broken network does. */
  cut(): void
  /** The window closes, or its next document comes. */
  leave(): void
  readonly connections: () => number
}

function openDocument(url: string, name = ''): FakeDocument {
  const sockets: WebSocket[] = []
  let isGone = false
  class Socket extends WebSocket {
    constructor(address: string) {
      super(address)
      // A document may leave before its socket is open.
      this.on('error', () => undefined)
      sockets.push(this)
    }
  }
  const window = { name, count: 0 }
  const load = async (address: string) => {
    const text = await (await fetch(new URL(address, url))).text()
    return { default: runInNewContext(text.replace('export default', ''), { window, driven }) }
  }
  const context = {
    window,
    load,
    location: { href: url, origin: new URL(url).origin },
    WebSocket: Socket,
    addEventListener: () => undefined,
    setTimeout: (work: () => void, ms: number) => setTimeout(() => isGone || work(), ms)
  }
  const driven = runInNewContext(`(${inPage.toString()})(load)`, context)
  return {
    window,
    cut: () => sockets.at(-1)?.terminate(),
    leave() {
      isGone = true
      sockets.at(-1)?.close()
    },
    connections: () => sockets.length
  }
}

type Stage = { readonly site: Site; readonly page: DrivenPage; readonly document: FakeDocument }

async function openStage(limitMs?: number): Promise<Stage> {
  const documents: FakeDocument[] = []
  const site = await openSite({
    engine: 'firefox',
    to: () => 0,
    limitMs,
    onNote: () => undefined,
    // Without a wait, as `window.open` returns before the document has loaded.
    open: async address => void documents.push(openDocument(address))
  })
  onTestFinished(async () => {
    for (const document of documents) document.leave()
    await site.close()
  })
  const page = await site.openWindow('/')
  return { site, page, document: documents[0] as FakeDocument }
}

const count = '() => ++window.count'
/** Counts, then waits until the test releases it. */
const held = '() => new Promise(resolve => { window.count++; window.release = resolve })'

test('a call outlives the socket that breaks while it runs', async () => {
  const { page, document } = await openStage()
  const call = page.run(held)
  await expect.poll(() => document.window.release).toBeDefined()
  document.cut()
  await expect.poll(document.connections).toBe(2)
  document.window.release?.('done')
  expect(await call).toBe('done')
  expect(document.window.count).toBe(1)
})

test('a result without a socket is sent over the next one', async () => {
  const { page, document } = await openStage()
  const call = page.run(held)
  await expect.poll(() => document.window.release).toBeDefined()
  document.cut()
  document.window.release?.('done')
  expect(await call).toBe('done')
  expect(document.window.count).toBe(1)
})

test('a call that a broken socket lost is sent again', async () => {
  const { page, document } = await openStage()
  document.cut()
  // The driver has not seen the end of the socket yet.
  expect(await page.run(count)).toBe(1)
  expect(document.connections()).toBe(2)
})

test('a call fails with its source if another document comes', async () => {
  const { site, page, document } = await openStage()
  const call = page.run(held, 'argument')
  void call.catch(() => undefined)
  await expect.poll(() => document.window.release).toBeDefined()
  document.leave()
  const next = openDocument(`${site.url}/`, document.window.name)
  await expect(call).rejects.toThrow(
    new RegExp(`^firefox, ${page.id}: another document .*: .*window\\.release.*"argument"`)
  )
  expect(await page.run(count)).toBe(1)
  next.leave()
})

test('a call fails when the browser has ended', async () => {
  const { site, page } = await openStage()
  const call = page.run(held)
  void call.catch(() => undefined)
  await wait(0)
  site.forget()
  await expect(call).rejects.toThrow('the browser has ended')
  await expect(page.run(count)).rejects.toThrow('the browser has ended')
})

test('a call fails with its source after the limit', async () => {
  const { page } = await openStage(200)
  await expect(page.run(held)).rejects.toThrow(/nothing after 200 ms: .*window\.release/)
})

test('only a new window at its address becomes an awaited page', async () => {
  const { site } = await openStage()
  const page = site.await('/next')
  const others = [
    openDocument(`${site.url}/`),
    openDocument(`${site.url}/next`, 'page of a browser that was killed')
  ]
  for (const other of others) await expect.poll(other.connections).toBeGreaterThan(1)
  const own = openDocument(`${site.url}/next`)
  await page.arrived()
  await page.run(count)
  expect([own, ...others].map(({ window }) => window.count)).toEqual([1, 0, 0])
  for (const each of [own, ...others]) each.leave()
})
