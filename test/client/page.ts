/** The browser features that the TIM API needs, in Node, with a real server and no worker. */

import 'fake-indexeddb/auto'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import {
  generateUserSig,
  startServer,
  type ServerOptions,
  type SyncServer
} from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import TIM, { type Tim } from '../../src/tim/tim.ts'

/** As in a browser, an error event without a listener does not end the process. */
class QuietSocket extends WebSocket {
  constructor(url: string) {
    super(url)
    this.on('error', () => undefined)
  }
}

const events = new EventTarget()
Object.assign(globalThis, {
  WebSocket: QuietSocket,
  addEventListener: events.addEventListener.bind(events),
  removeEventListener: events.removeEventListener.bind(events)
})
Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })

const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }

export const userSigOf = (userID: string, expireSeconds = 3600): string =>
  generateUserSig(app, { userID, expireSeconds })

/** The address names the database of a device: at one used before, a device has old groups. */
const used = new Set<string>()

export async function openServer(options: Partial<ServerOptions> = {}): Promise<SyncServer> {
  const server = await startServer({
    ...app,
    database: createMemoryDatabase('epoch-1'),
    ...options
  })
  onTestFinished(() => server.close())
  if (used.has(server.url)) return openServer(options)
  used.add(server.url)
  return server
}

let instances = 0

/** A separate instance, as another page would have it. */
export function createTim(url: string): Tim {
  const tim = TIM.create({ SDKAppID: ++instances, url, worker: false })
  onTestFinished(() => tim.destroy())
  return tim
}

export async function logIn(url: string, userID: string): Promise<Tim> {
  const tim = createTim(url)
  const ready = new Promise<void>(resolve => tim.once(TIM.EVENT.SDK_READY, () => resolve()))
  await tim.login({ userID, userSig: userSigOf(userID) })
  await ready
  return tim
}
