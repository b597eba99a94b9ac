/** `localStorage` in memory. */

import type { WebStorage } from '../../../src/storage/key-value/hosts/local-storage.ts'

export function createWebStorage(charactersMax = 5_242_880): WebStorage {
  const values = new Map<string, string>()
  return {
    get length() {
      return values.size
    },
    key: index => [...values.keys()][index] ?? null,
    getItem: key => values.get(key) ?? null,
    setItem(key, value) {
      if (key.length + value.length > charactersMax)
        throw new DOMException('There is no room.', 'QuotaExceededError')
      values.set(key, value)
    },
    removeItem: key => void values.delete(key)
  }
}
