/** Stores of users on the real server, for tests in the browser. */

import { firstValueFrom, filter, timeout, type Observable } from 'rxjs'
import { createGroupStore, isGroupError, type GroupError, type GroupStore, type GroupStoreOptions } from 'offline-groups'
import { inject, onTestFinished } from 'vitest'

let count = 0
/** Names that no other test uses. */
export const fresh = (name: string) => `${name}-${Date.now().toString(36)}-${count++}`

export async function tokenFor(userID: string): Promise<string> {
  const response = await fetch(
    `${inject('url').replace('ws', 'http').replace('/sync', '/token')}?userID=${encodeURIComponent(userID)}`
  )
  return response.text()
}

export async function openStore(userID: string, options: Partial<GroupStoreOptions> = {}): Promise<GroupStore> {
  const store = createGroupStore({ url: inject('url'), userID, token: await tokenFor(userID), ...options })
  onTestFinished(() => store.close())
  return store
}

/** The first value that is as it should be. */
export const until = <T>(source: Observable<T>, isSo: (value: T) => boolean): Promise<T> =>
  firstValueFrom(source.pipe(filter(isSo), timeout({ first: 10_000 })))

export function taken<T extends object>(answer: T | GroupError): T {
  if (isGroupError(answer)) throw new Error(JSON.stringify(answer))
  return answer
}
