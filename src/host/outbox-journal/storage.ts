/** Copies every change of the outbox into the outbox journal: own commits, and those of peers. */

import type { Peers } from '../../engine/host.ts'
import { databaseIDOf } from '../../engine/state/database-id.ts'
import type { Storage, Write } from '../../storage/port.ts'
import type { Pending } from '../../storage/tables.ts'
import type { OutboxJournal } from './journal.ts'

export function journaledStorage(storage: Storage, journal: OutboxJournal): Storage {
  return {
    ...storage,
    async transact(queries, body, durability = 'strict') {
      let added: Pending[] = []
      let firstAdded: string[] = []
      let written: readonly Write[] = []
      try {
        const commitNumber = await storage.transact(
          queries,
          answers => {
            written = body(answers)
            added = additions(written)
            // The next task writes this, while the browser commits.
            firstAdded = journal.add(added)
            return written
          },
          durability
        )
        // The call resolves after this.
        if (added.length > 0) journal.flush()
        journal.end(endings(written))
        const databaseID = databaseIDOf(written)
        if (databaseID !== undefined) journal.rename(databaseID)
        if (durability === 'strict' && written.length > 0) journal.committed(commitNumber)
        if (written.some(isSeal)) journal.remove()
        return commitNumber
      } catch (error) {
        // Operations of before are written again later. A new one has to stay away.
        journal.withdraw(firstAdded)
        journal.flush()
        throw error
      }
    },
    async close() {
      await storage.close()
      await journal.close()
    },
    async destroy() {
      await storage.destroy()
      journal.remove()
      await journal.close()
    }
  }
}

/** Another tab may settle the operations of this one. */
export const journaledPeers = (peers: Peers, journal: OutboxJournal): Peers => ({
  ...peers,
  listen(onMessage) {
    peers.listen(message => {
      journal.end(endingsOf(message))
      onMessage(message)
    })
  }
})

function additions(writes: readonly Write[]): Pending[] {
  return writes.flatMap(write =>
    write.table === 'outbox' && 'row' in write && write.row && !write.row.applied ? write.row : []
  )
}

/** An operation with a verdict has ended, also one whose row is damaged. */
const endings = (writes: readonly Write[]): string[] =>
  writes.flatMap(write => {
    if (!('row' in write)) return []
    const isEnd = write.table === 'outbox' ? !write.row : write.table === 'verdicts' && write.row
    return isEnd ? write.id : []
  })

/** A logout is final, even if its tab dies before the removal. */
const isSeal = (write: Write): boolean =>
  write.table === 'lease' && 'row' in write && write.row?.isSealed === true

/**
 * The endings in a message of another tab. The engine checks the whole message. These few fields
 * are checked here too, because another build may have posted it.
 */
function endingsOf(message: unknown): string[] {
  const { type, commits } = fieldsOf(message)
  if (type !== 'committed' || !Array.isArray(commits)) return []
  return commits
    .map(commit => fieldsOf(commit)['writes'])
    .flatMap((writes: unknown) => (Array.isArray(writes) ? (writes as unknown[]) : []))
    .map(fieldsOf)
    .flatMap(({ table, id, row }) =>
      table === 'outbox' && row === null && typeof id === 'string' ? id : []
    )
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
