/** A key-value host over `localStorage`, for a mini-program that runs as a web page in one tab. */

import type { KeyValueHost } from '../host.ts'

export type WebStorage = {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Browsers count UTF-16 units, so a text has room that is as long in UTF-8. */
const limits = { bytesPerValue: 5_242_880, bytesInAll: 5_242_880 }

export const createLocalStorageHost = (storage: WebStorage): KeyValueHost => ({
  // Asynchronous functions reject where the browser throws.
  get: async key => storage.getItem(key) ?? undefined,
  set: async (key, value) => storage.setItem(key, value),
  remove: async key => storage.removeItem(key),
  keys: async () => Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? ''),
  limits
})
