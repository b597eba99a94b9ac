/** Where this engine keeps its rows, and the rows that were lost, damaged or evicted. */

import type { StorageState } from './api.ts'

export type StorageReport = ReturnType<typeof createStorageReport>

/** `origin`: the state at the start. `onChange`: the state has changed. */
export function createStorageReport(origin: StorageState, onChange: () => void) {
  let state = origin
  const evicted = new Set<string>()
  let isMoving = false

  function change(changes: Partial<StorageState>): void {
    state = { ...state, ...changes }
    onChange()
  }

  return {
    state: (): StorageState => state,
    /** Rows move from memory to IndexedDB. */
    move: (): void => void (isMoving = true),
    isMoving: (): boolean => isMoving,
    /** The rows of the user are stored in IndexedDB. */
    moved(): void {
      isMoving = false
      change({ mode: 'indexedDB', error: null })
    },
    /** Storage has lost commits, and got some rows of the user back from memory. */
    lost: (kind: 'wiped' | 'rolledBack', restored: number): void =>
      change({ loss: { kind, restored: restored + (state.loss?.restored ?? 0) } }),
    /** Damaged rows were found. */
    damaged: (rows: number): void => change({ damagedRows: state.damagedRows + rows }),
    /** The members and tips of these groups were removed. */
    evicted(groupIDs: readonly string[]): void {
      for (const groupID of groupIDs) evicted.add(groupID)
      change({ evictedGroups: evicted.size })
    },
    /** Whether members of the group are fetched only when they are shown. */
    isEvicted: (groupID: string): boolean => evicted.has(groupID)
  }
}

/** Storage of an adapter: nothing else is known. */
export const adapterState: StorageState = {
  mode: 'adapter',
  error: null,
  loss: null,
  damagedRows: 0,
  evictedGroups: 0
}
