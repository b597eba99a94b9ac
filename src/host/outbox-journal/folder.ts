/**
 * The files of outbox journals.
 *
 * Why files: they are independent of IndexedDB, so a crash that destroys the databases of a browser
 * leaves them intact. An open file is locked, so each worker has its own. A file that can be opened
 * belongs to a worker that has ended.
 */

export type JournalFile = {
  readonly name: string
  read(): Uint8Array
  append(bytes: Uint8Array<ArrayBuffer>): void
  /** Empties the file. */
  clear(): void
  /** Unlocks the file, once all is written. */
  close(): Promise<void>
}

export type JournalFolder = {
  list(): Promise<string[]>
  /** `undefined`: another worker has the file open, or the disk refuses. */
  open(name: string): Promise<JournalFile | undefined>
  remove(name: string): Promise<void>
}

export const extension = '.journal'
