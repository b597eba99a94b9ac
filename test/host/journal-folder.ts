/** A folder of journal files in memory, with the locks that browsers put on open files. */

import type { JournalFile, JournalFolder } from '../../src/host/outbox-journal/folder.ts'

export type TestFolder = JournalFolder & {
  readonly files: Map<string, Uint8Array>
  /** All workers end: nothing more is written, and the files are unlocked. */
  die(): void
  isFull: boolean
  /** The number of writes to files. */
  appends: number
}

export function createTestFolder(): TestFolder {
  const files = new Map<string, Uint8Array>()
  const locked = new Set<string>()
  let life = 0

  function fileOf(name: string): JournalFile {
    const born = life
    const isOpen = () => born === life && locked.has(name)
    return {
      name,
      read: () => files.get(name) ?? new Uint8Array(),
      append(bytes) {
        if (!isOpen()) return
        if (folder.isFull) throw new DOMException('', 'QuotaExceededError')
        folder.appends++
        files.set(name, joined(files.get(name) ?? new Uint8Array(), bytes))
      },
      clear: () => void (isOpen() && files.set(name, new Uint8Array())),
      close: async () => void (born === life && locked.delete(name))
    }
  }

  const folder: TestFolder = {
    files,
    isFull: false,
    appends: 0,
    die() {
      life++
      locked.clear()
    },
    list: async () => [...files.keys()],
    async open(name) {
      if (locked.has(name)) return undefined
      locked.add(name)
      files.set(name, files.get(name) ?? new Uint8Array())
      return fileOf(name)
    },
    async remove(name) {
      if (locked.has(name)) throw new DOMException('', 'NoModificationAllowedError')
      files.delete(name)
    }
  }
  return folder
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
