/**
 * The records of an outbox journal, as lines of text: a checksum and JSON. A crash may cut the last
 * line, and a damaged disk may change any line. Reading ends at the first line with a wrong
 * checksum.
 */

import { checksum } from '../../storage/checksum.ts'
import type { Pending } from '../../storage/tables.ts'

export type JournalRecord =
  /** The records that follow belong to the database with this ID. */
  | { readonly kind: 'database'; readonly databaseID: string }
  /** The operation is being stored in the outbox. */
  | { readonly kind: 'added'; readonly pending: Pending }
  /** These operations are settled. */
  | { readonly kind: 'ended'; readonly opIDs: readonly string[] }
  /** Storage has refused these operations. No caller waits for them. Counts for this file only. */
  | { readonly kind: 'withdrawn'; readonly opIDs: readonly string[] }
  /** The database holds this strict commit. */
  | { readonly kind: 'committed'; readonly commitNumber: number }
  /** A logout has removed this database: its operations must not return. */
  | { readonly kind: 'removed'; readonly databaseID: string }

/** The facts in a file: all its records together. */
export type JournalFacts = {
  readonly databaseID: string | undefined
  /** The last strict commit. */
  readonly commitNumber: number
  /** By opID: operations that were added. The disk may be damaged, so check them. */
  readonly added: ReadonlyMap<string, unknown>
  readonly ended: ReadonlySet<string>
  readonly removed: ReadonlySet<string>
}

const encoder = new TextEncoder()

export function encodeRecords(records: readonly JournalRecord[]): Uint8Array<ArrayBuffer> {
  const lines = records.map(record => {
    const json = JSON.stringify(record)
    return `${checksum(json)} ${json}\n`
  })
  return encoder.encode(lines.join(''))
}

export function readFacts(bytes: Uint8Array): JournalFacts {
  const added = new Map<string, unknown>()
  const ended = new Set<string>()
  const removed = new Set<string>()
  let databaseID: string | undefined
  let commitNumber = 0
  for (const record of decodeRecords(bytes)) {
    switch (record.kind) {
      case 'database':
        // Commit numbers of another database do not count for this one.
        databaseID = record.databaseID
        commitNumber = 0
        break
      case 'added':
        added.set(record.pending.opID, record.pending)
        ended.delete(record.pending.opID)
        break
      case 'ended':
        for (const opID of record.opIDs) ended.add(opID)
        break
      case 'withdrawn':
        for (const opID of record.opIDs) added.delete(opID)
        break
      case 'committed':
        commitNumber = Math.max(commitNumber, record.commitNumber)
        break
      case 'removed':
        removed.add(record.databaseID)
        break
    }
  }
  return { databaseID, commitNumber, added, ended, removed }
}

function decodeRecords(bytes: Uint8Array): JournalRecord[] {
  const records: JournalRecord[] = []
  // The text after the last line break is a record that a crash has cut.
  for (const line of new TextDecoder().decode(bytes).split('\n').slice(0, -1)) {
    const space = line.indexOf(' ')
    const json = line.slice(space + 1)
    if (line.slice(0, space) !== checksum(json)) break
    // The checksum says that this build, or another one, has written the line.
    records.push(JSON.parse(json) as JournalRecord)
  }
  return records
}
