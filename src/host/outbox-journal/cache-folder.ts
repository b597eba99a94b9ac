/**
 * Journal files in the Cache API, for browsers and threads without a private file system. A file is
 * a row of entries of limited size, so an append rewrites only the last one. An entry is written a
 * few milliseconds after the append: a crash in between leaves the operation to IndexedDB alone.
 */

import type { JournalFile, JournalFolder } from './folder.ts'

/** Nothing is ever fetched from this address: entries need one. */
const base = 'https://offline-groups.invalid/'
const entryBytesMax = 64 * 1024

/** `undefined`: an insecure page, a private window, or a disk that refuses. */
export async function openCacheFolder(database: string): Promise<JournalFolder | undefined> {
  if (!('caches' in globalThis) || !('locks' in navigator)) return undefined
  const name = `offline-groups journal ${database}`
  try {
    return folderOf(name, await caches.open(name))
  } catch {
    return undefined
  }
}

const addressOf = (file: string, index: number) => `${base}${file}/${index}`

function folderOf(folder: string, cache: Cache): JournalFolder {
  const entriesOf = async (file: string) =>
    (await cache.keys()).filter(({ url }) => url.startsWith(`${base}${file}/`))

  return {
    async list() {
      const entries = await cache.keys()
      return [...new Set(entries.map(({ url }) => url.slice(base.length).split('/')[0] ?? ''))]
    },
    async open(name) {
      const unlock = await lock(`${folder} ${name}`)
      if (!unlock) return undefined
      try {
        const count = (await entriesOf(name)).length
        const entries: Bytes[] = []
        for (let index = 0; index < count; index++)
          entries.push(await readEntry(cache, name, index))
        return fileOf({ cache, name, entries, unlock })
      } catch {
        // Expected: the disk refuses.
        unlock()
        return undefined
      }
    },
    async remove(name) {
      for (const entry of await entriesOf(name)) await cache.delete(entry)
    }
  }
}

type Bytes = Uint8Array<ArrayBuffer>

async function readEntry(cache: Cache, name: string, index: number): Promise<Bytes> {
  const response = await cache.match(addressOf(name, index))
  return new Uint8Array((await response?.arrayBuffer()) ?? [])
}

/** `undefined`: another worker holds the lock. Otherwise a function that releases it. */
const lock = (name: string) =>
  new Promise<(() => void) | undefined>(resolve => {
    const hold = (granted: Lock | null) =>
      granted ? new Promise<void>(release => resolve(release)) : resolve(undefined)
    navigator.locks.request(name, { ifAvailable: true }, hold).catch(() => resolve(undefined))
  })

type FileOptions = {
  readonly cache: Cache
  readonly name: string
  /** The content, entry by entry. */
  readonly entries: Bytes[]
  unlock(): void
}

function fileOf({ cache, name, entries, unlock }: FileOptions): JournalFile {
  /** Entries from here on differ from the stored ones. */
  let changedFrom = entries.length
  let storedCount = entries.length
  let writing: Promise<void> | undefined

  async function write(): Promise<void> {
    // The last entries go first: an early entry without its late ones would bring back operations.
    while (storedCount > entries.length) await cache.delete(addressOf(name, --storedCount))
    while (changedFrom < entries.length) {
      const index = changedFrom++
      await cache.put(addressOf(name, index), new Response(entries[index]))
      storedCount = Math.max(storedCount, index + 1)
    }
    writing = undefined
  }

  function change(from: number): void {
    changedFrom = Math.min(changedFrom, from)
    writing ??= Promise.resolve()
      .then(write)
      .catch(() => {
        // Expected: the disk is full. The next append tries again.
        changedFrom = 0
        writing = undefined
      })
  }

  return {
    name,
    read: () => joined(entries),
    append(bytes) {
      const last = entries.at(-1)
      if (last && last.length < entryBytesMax) entries.splice(-1, 1, joined([last, bytes]))
      else entries.push(bytes)
      change(entries.length - 1)
    },
    clear() {
      entries.length = 0
      change(0)
    },
    async close() {
      await writing
      unlock()
    }
  }
}

function joined(parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
