/**
 * Checkpoints write the rows of the journal into pages. A checkpoint starts after 5 s without
 * commits, or if the journal has grown long. It works in small slices, and commits may come between
 * two of them:
 *
 *   some pages … the last pages, superblock … removal of old keys …
 *
 * The superblock names the last commit before the first slice. The pages may hold later commits
 * too. That is harmless: recovery applies these once more, in their order.
 *
 * A checkpoint begins between two calls only. During a call, the last record may be missing in
 * memory, so pages written from it would lack the commit that the superblock names.
 *
 * Keys are removed only after the superblock that does not need them was stored.
 */

import type { ScopeWrites } from '../memtable.ts'
import type { Journal } from './journal.ts'
import { superblockKey, type Key } from './keys.ts'
import { isWholeOnly, type Pages } from './pages.ts'
import type { SealedValues } from './sealed-values.ts'
import { encodeSuperblock, type Superblock } from './superblock.ts'

const quietMs = 5000
/** Calls wait for a slice. On a phone without JIT, it takes a few milliseconds. */
const partsPerSlice = 2
const removalsPerSlice = 8
const journalCharactersMax = 131_072

export type Checkpoint = ReturnType<typeof createCheckpoint>

type CheckpointOptions = {
  readonly values: SealedValues
  readonly journal: Journal
  readonly pages: Pages
  /** Lower than the number of the next superblock. */
  readonly generation: number
  /** The superblock in force, if there is one. */
  readonly superblocks: readonly Key[]
  /** Keys that nothing refers to. */
  readonly unreferenced: readonly Key[]
  /** A journal with more records is written into pages without a quiet moment. */
  readonly journalRecordsMax: number
  /** The host has lost the database. */
  onWiped(): void
}

/** A checkpoint under way, with the parts that are still to do. */
type Pass = { readonly base: number; readonly parts: Part[] }
/** A scope, or its rows in one page. */
type Part = { readonly key: string; readonly ids?: readonly string[] }

export function createCheckpoint(options: CheckpointOptions) {
  const { values, journal, pages, journalRecordsMax, onWiped } = options
  let { generation } = options
  const superblocks = [...options.superblocks]
  /** The last one that was stored. */
  let lastSuperblock = superblocks[superblocks.length - 1]
  const removable = [...options.unreferenced]
  let pass: Pass | undefined
  let isWanted = false
  let isRefused = false
  let isEnded = false
  let timer: ReturnType<typeof setTimeout> | undefined

  /**
   * Whether the platform, the app or the user has removed the values. Then the database is empty:
   * a value that was left, or was set since, does not count.
   */
  async function isWiped(): Promise<boolean> {
    const key = journal.lastKey() ?? lastSuperblock
    const isKnown = key !== undefined && values.sizeOf(key) > 0
    if (!isKnown || (await values.exists(key))) return false
    journal.forget()
    pages.forget()
    lastSuperblock = undefined
    pass = undefined
    isWanted = false
    // The next checkpoint waits for the rows that the engine writes again.
    isRefused = true
    onWiped()
    return true
  }

  function begin(): Pass {
    isWanted = false
    return { base: journal.lastNumber(), parts: [...journal.memtable.scopes].flatMap(partsOf) }
  }

  const partsOf = ([key, writes]: readonly [string, ScopeWrites]): Part[] =>
    pages.idsByPage(writes)?.map(ids => ({ key, ids })) ?? [{ key }]

  async function writePart({ key, ids }: Part): Promise<void> {
    const writes = journal.memtable.scopes.get(key)
    if (!writes) return
    // A commit between two slices may have emptied the scope, or added a block.
    if (!ids || isWholeOnly(writes)) {
      await pages.writeScope(writes)
      journal.memtable.drop(key)
      return
    }
    const wanted = new Set(ids)
    const rows = new Map([...writes.rows].filter(([id]) => wanted.has(id)))
    await pages.writeScope({ ...writes, rows })
    for (const id of ids) writes.rows.delete(id)
    if (writes.rows.size === 0) journal.memtable.drop(key)
  }

  async function continuePass({ base, parts }: Pass): Promise<void> {
    for (const part of parts.splice(0, partsPerSlice)) await writePart(part)
    if (parts.length > 0) return
    if (journal.size().records > 0) {
      await writeSuperblock({ base, scopes: pages.scopes })
      removable.push(...pages.collectUnused(), ...journal.collectUpTo(base))
    }
    isRefused = false
    pass = undefined
  }

  async function writeSuperblock(superblock: Superblock): Promise<void> {
    const key = superblockKey(++generation)
    superblocks.push(key)
    await values.write(key, encodeSuperblock(superblock))
    lastSuperblock = key
    removable.push(...superblocks.splice(0, superblocks.length - 1))
  }

  async function removeSome(): Promise<void> {
    const keys = removable.splice(0, removalsPerSlice)
    // Expected: the host fails. The next recovery removes the keys.
    await Promise.all(keys.map(key => values.remove(key).catch(() => undefined)))
  }

  const isLong = () => {
    const { records, characters } = journal.size()
    return records > journalRecordsMax || characters > journalCharactersMax
  }

  return {
    /** Wants all commits until now in pages. A pass under way may lack some, so another follows. */
    request: () => void (isWanted = true),
    isWiped,

    isDue: () =>
      !isEnded &&
      (isWanted || pass !== undefined || removable.length > 0 || (isLong() && !isRefused)),

    /** Runs one slice. Never rejects. No call may run meanwhile. */
    async step(): Promise<void> {
      try {
        if (removable.length > 0) return await removeSome()
        if (!pass && (await isWiped())) return
        pass ??= begin()
        await continuePass(pass)
      } catch {
        // Expected: the host fails, or storage is full. The journal still has all rows.
        isRefused = true
        isWanted = false
        pass = undefined
      }
    },

    /** Call it when no step is due. `start` must run steps while they are due. */
    schedule(start: () => void): void {
      clearTimeout(timer)
      if (isEnded || journal.size().records === 0) return
      timer = setTimeout(() => {
        isWanted = true
        start()
      }, quietMs)
    },

    /** The moment is no longer quiet. */
    unschedule: () => clearTimeout(timer),

    /** Prevents further steps. */
    end(): void {
      isEnded = true
      pass = undefined
      clearTimeout(timer)
    },

    /** Removes the whole database. A crash meanwhile leaves all rows, or none. */
    async removeAll(): Promise<void> {
      const hasRows = superblocks.length > 0 || journal.size().records > 0
      if (hasRows) await writeSuperblock({ base: journal.lastNumber(), scopes: new Map() })
      // The empty superblock goes last: without it, a commit that is left would count.
      const last = hasRows ? superblocks[0] : undefined
      for (const key of await values.list()) if (key !== last) await values.remove(key)
      if (last) await values.remove(last)
    }
  }
}
