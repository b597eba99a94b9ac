/** Stores of users on the real server, for tests in the browser. */

import { firstValueFrom, filter, type Observable } from 'rxjs'
import {
  createGroupStore,
  isGroupError,
  type GroupError,
  type GroupStore,
  type GroupStoreOptions
} from 'offline-groups'
import { inject, onTestFinished } from 'vitest'
import { databaseName } from '../../src/storage/database.ts'

// Files run side by side, and two may start in the same millisecond.
const run = Math.random().toString(36).slice(2, 8)
let count = 0
/** A name that no other test uses. */
export const fresh = (name: string) => `${name}-${run}-${count++}`

/** Sends the test server a request beside the protocol. */
async function ask(path: string, parameters: Record<string, string> = {}): Promise<string> {
  const address = inject('url').replace('ws', 'http').replace('/sync', path)
  const response = await fetch(`${address}?${new URLSearchParams(parameters).toString()}`)
  return response.text()
}

export const tokenFor = (userID: string): Promise<string> => ask('/token', { userID })

/** Opens a separate server with a clock that is off by `offsetMs`. `pass` advances the clock. */
export async function openClockedServer(offsetMs: number) {
  const port = await ask('/clocked', { offsetMs: String(offsetMs) })
  return {
    port,
    url: `ws://127.0.0.1:${port}/sync`,
    /** A userSig that is issued by the server's clock. */
    tokenFor: (userID: string) => ask('/token', { userID, port }),
    pass: (ms: number) => ask('/pass', { port, ms: String(ms) })
  }
}

/** Opens a line to the server, or to another one, that can be cut. */
export async function openLine(to?: string) {
  const port = await ask('/line', to ? { to } : {})
  return {
    url: `ws://127.0.0.1:${port}/sync`,
    cut: () => ask('/cut', { port }),
    restore: () => ask('/restore', { port })
  }
}

/** Registers the end of a resource: by default with the test, or with a whole file. */
export type WhenDone = (end: () => Promise<void>) => void

export async function openStore(
  userID: string,
  options: Partial<GroupStoreOptions> = {},
  whenDone: WhenDone = onTestFinished
): Promise<GroupStore> {
  const store = createGroupStore({
    url: inject('url'),
    userID,
    token: await tokenFor(userID),
    ...options
  })
  whenDone(() => store.close())
  return store
}

/** The first value that satisfies `isSo`. */
export const until = <T>(source: Observable<T>, isSo: (value: T) => boolean): Promise<T> =>
  firstValueFrom(source.pipe(filter(isSo)))

export function taken<T extends object>(answer: T | GroupError): T {
  if (isGroupError(answer)) throw new Error(JSON.stringify(answer))
  return answer
}

/** As a browser that loses the data of a site: open connections are closed. */
export const removeDatabase = (userID: string) =>
  new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(databaseName({ url: inject('url'), userID }))
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error ?? new Error('not removed'))
  })
