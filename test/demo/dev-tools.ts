/**
 * Tabs of an installed Chromium, driven over its own protocol. Playwright keeps every page visible,
 * and a browser freezes only hidden pages.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { createProfile, launch } from '../engines/launch.ts'

type Send = (method: string, params?: object) => Promise<Record<string, unknown>>

export type Tab = {
  readonly send: Send
  /** Evaluates an expression in the page, and waits if it is a promise. */
  evaluate(expression: string): Promise<unknown>
  /** Ends the process of the tab. */
  crash(): void
  close(): Promise<void>
  /** Brings the tab to the front, and hides the other tabs. */
  activate(): Promise<void>
}

export type Tabs = {
  open(url: string): Promise<Tab>
  /** Stops the processes of all pages until now, as phones do. They keep their locks. */
  stopPages(): Promise<void>
}

/** A browser on a profile of its own. Its tabs share their storage. */
export async function openBrowser(extraArgs: readonly string[] = []): Promise<Tabs> {
  const profile = createProfile()
  // A spare process for the next page would be stopped as well.
  const noSpare = '--disable-features=SpareRendererForSitePerProcess'
  const args = ['--remote-debugging-port=0', noSpare, ...extraArgs]
  const browser = await launch('chromium', profile, { urls: ['about:blank'], args })
  const socket = new WebSocket(await addressOf(profile.folder))
  onTestFinished(async () => {
    socket.close()
    await browser.kill()
    profile.remove()
  })
  await new Promise(resolve => socket.once('open', resolve))
  const send = createSend(socket)
  return {
    async open(url) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' })
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      const tabSend: Send = (method, params) => send(method, params, String(sessionId))
      const evaluate = async (expression: string): Promise<unknown> => {
        const options = { expression, awaitPromise: true, returnByValue: true }
        const { result, exceptionDetails } = await tabSend('Runtime.evaluate', options)
        if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
        return (result as { readonly value?: unknown }).value
      }
      await tabSend('Page.enable')
      await tabSend('Page.navigate', { url })
      return {
        send: tabSend,
        evaluate,
        // The answer never comes.
        crash: () => void tabSend('Page.crash'),
        close: async () => void (await send('Target.closeTarget', { targetId })),
        activate: async () => void (await send('Target.activateTarget', { targetId }))
      }
    },
    async stopPages() {
      const { processInfo } = await send('SystemInfo.getProcessInfo')
      for (const { type, id } of processInfo as readonly Process[])
        if (type === 'renderer') process.kill(id, 'SIGSTOP')
    }
  }
}

function createSend(socket: WebSocket) {
  const waiting = new Map<number, (answer: Answer) => void>()
  let count = 0
  socket.on('message', (data: Buffer) => {
    const answer = JSON.parse(data.toString()) as Answer & { readonly id?: number }
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer)
  })
  return async (
    method: string,
    params: object = {},
    sessionId?: string
  ): Promise<Record<string, unknown>> => {
    const id = count++
    const answering = new Promise<Answer>(resolve => waiting.set(id, resolve))
    socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }))
    const { result, error } = await answering
    waiting.delete(id)
    if (!result) throw new Error(`${method}: ${JSON.stringify(error)}`)
    return result
  }
}

type Process = { readonly type: string; readonly id: number }
type Answer = { readonly result?: Record<string, unknown>; readonly error?: unknown }

/** Chromium writes the address of its protocol to its profile. */
async function addressOf(folder: string): Promise<string> {
  for (;;) {
    const text = await readFile(join(folder, 'DevToolsActivePort'), 'utf8').catch(() => '')
    const [port, path] = text.split('\n')
    if (path) return `ws://127.0.0.1:${port}${path}`
    await wait(50)
  }
}
