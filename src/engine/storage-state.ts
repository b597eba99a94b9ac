/** Where this engine keeps its rows, and the rows that storage has lost or that were evicted. */

import type { StorageState } from './api.ts'

export type StorageReport = ReturnType<typeof createStorageReport>

/** `origin`: the state at the start. `onChange`: the state has changed. */
export function createStorageReport(origin: StorageState, onChange: () => void) {
  let state = origin

  function change(changes: Partial<StorageState>): void {
    state = { ...state, ...changes }
    onChange()
  }

  return {
    state: (): StorageState => state,
    /** Storage has lost commits, and got some rows of the user back from memory. */
    lost: (kind: 'wiped' | 'rolledBack', restored: number): void =>
      change({ loss: { kind, restored: restored + (state.loss?.restored ?? 0) } }),
    evicted: (rows: number): void => change({ evictedRows: state.evictedRows + rows })
  }
}

/** Storage of an adapter: nothing else is known. */
export const adapterState: StorageState = {
  mode: 'adapter',
  error: null,
  loss: null,
  evictedRows: 0
}
