/**
 * Journal files in the browser's origin private file system, which only workers can write at once.
 * The file system locks an open file.
 */

import { extension, type JournalFile, type JournalFolder } from './folder.ts'

/** `undefined`: this thread, window or browser has no such files. */
export async function openOpfsFolder(database: string): Promise<JournalFolder | undefined> {
  if (!('FileSystemFileHandle' in globalThis)) return undefined
  if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return undefined
  try {
    let folder = await navigator.storage.getDirectory()
    for (const name of folderNames(database))
      folder = await folder.getDirectoryHandle(name, { create: true })
    return folderOf(folder)
  } catch {
    // Expected: a private window, or a disk that refuses.
    return undefined
  }
}

/** File systems allow 255 bytes for a name, and no name of dots. */
const folderNames = (database: string): string[] =>
  (encodeURIComponent(database).match(/.{1,100}/g) ?? []).map(part => `_${part}`)

const folderOf = (folder: Folder): JournalFolder => ({
  async list() {
    const names: string[] = []
    // A folder in this one belongs to a database with a longer name.
    for await (const name of folder.keys()) if (name.endsWith(extension)) names.push(name)
    return names
  },
  async open(name) {
    try {
      const handle = (await folder.getFileHandle(name, { create: true })) as FileHandle
      return fileOf(name, await handle.createSyncAccessHandle())
    } catch {
      // Expected: another worker has the file open, or the disk refuses.
      return undefined
    }
  },
  remove: name => folder.removeEntry(name)
})

// The types of a page lack this method, which only workers have.
type Folder = FileSystemDirectoryHandle & { keys(): AsyncIterable<string> }
type FileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncHandle> }
type SyncHandle = {
  getSize(): number
  read(buffer: Uint8Array<ArrayBuffer>, options: { readonly at: number }): number
  write(buffer: Uint8Array<ArrayBuffer>, options: { readonly at: number }): number
  truncate(size: number): void
  close(): void
}

function fileOf(name: string, handle: SyncHandle): JournalFile {
  let end = handle.getSize()
  return {
    name,
    read() {
      const bytes = new Uint8Array(handle.getSize())
      handle.read(bytes, { at: 0 })
      return bytes
    },
    append(bytes) {
      end += handle.write(bytes, { at: end })
    },
    clear() {
      handle.truncate(0)
      end = 0
    },
    close: async () => handle.close()
  }
}
