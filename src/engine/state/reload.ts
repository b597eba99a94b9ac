/**
 * Reads all rows from storage into memory: at the start, and when this tab may have missed commits
 * of other tabs.
 */

import { prepare, type Prepared } from '../../kernel/decide.ts'
import type { GroupRow } from '../../kernel/model.ts'
import type { Commit } from '../../storage/port.ts'
import type { Host } from '../host.ts'
import type { StorageReport } from '../storage-state.ts'
import { databaseIDOf } from './database-id.ts'
import { writeLostRows } from './lost-rows.ts'
import { commitMessage, type State } from './state.ts'
import { readStored } from './stored.ts'
import { nothingTouched } from './touched.ts'

export type Reload = ReturnType<typeof createReload>

type ReloadOptions = {
  readonly host: Pick<Host, 'storage' | 'peers' | 'newID'>
  readonly state: State
  readonly userID: string
  readonly report: StorageReport
  isLoggedOut(): boolean
  /** Another tab has logged out. */
  onEnded(): void
}

export function createReload(options: ReloadOptions) {
  const { host, state, userID, report, isLoggedOut, onEnded } = options
  const { storage, peers, newID } = host
  const { base, overlay, outbox } = state
  /** The first read may fail. Then a later one ends the logout of a tab that has died. */
  let hasRead = false

  /** Loads the members that decide the operations of a lane, and replays the lane. */
  async function loadLane(groupID: string): Promise<void> {
    const group = overlay.group(groupID)
    const users = outbox.inOrder().flatMap(pending => {
      const checked = pending.groupID === groupID ? prepare(pending, userID) : undefined
      return checked?.ok ? neededMembers(checked.prepared, group) : []
    })
    await base.load(groupID, users)
    const touched = nothingTouched()
    touched.members.set(groupID, 'all')
    overlay.rebase(touched)
    state.publish(touched)
  }

  /** A read has to be of the same database, and contain every commit that this tab knew before. */
  async function read(): Promise<Commit> {
    const known = state.lastCommitNumber()
    const databaseID = state.databaseID()
    const stored = await readRepaired({ isFirst: !hasRead })
    hasRead = true
    const storedID = databaseIDOf(stored.writes)
    // Tabs that fill a database name it, so beside other rows the ID is damaged.
    const isNameless = storedID === undefined && stored.writes.length > 0
    const isSame = databaseID === undefined || databaseID === storedID || isNameless
    const isMoving = report.isMoving()
    if (!isMoving && isSame && stored.commitNumber >= known) return stored
    const { commit, restoredCount, isEnded, ...written } = await writeLostRows(
      storage,
      state,
      newID,
      isLoggedOut
    )
    if (isMoving) report.moved()
    else if (!isEnded)
      report.lost(isSame && stored.commitNumber > 0 ? 'rolledBack' : 'wiped', restoredCount)
    if (isEnded) onEnded()
    if (commit.writes.length > 0) peers.post(commitMessage(commit, written.databaseID))
    return readRepaired()
  }

  /** Other tabs receive a repair: the leader has to fetch the damaged rows once more. */
  async function readRepaired(options?: { readonly isFirst: boolean }): Promise<Commit> {
    const operations = outbox.inOrder().filter(({ opID }) => outbox.isDurable(opID))
    const known = { groups: base.groups, operations }
    const { commit, repair, damaged } = await readStored(storage, newID, { ...options, known })
    if (damaged > 0) report.damaged(damaged)
    if (repair) peers.post(commitMessage(repair, databaseIDOf(commit.writes)))
    return commit
  }

  return {
    loadLane,

    /** `isFirst`: the rows in the caches were read just before this, so they are current. */
    async reload({ isFirst = false } = {}): Promise<void> {
      const touched = nothingTouched()
      await state.replace(async () => {
        const stored = await read()
        if (isFirst) return stored
        for (const groupID of await base.members.refresh()) touched.members.set(groupID, 'all')
        for (const groupID of await base.tips.refresh()) touched.tips.add(groupID)
        return stored
      })
      const lanes = new Set(outbox.inOrder().map(({ groupID }) => groupID))
      await Promise.all([...lanes].map(loadLane))
      overlay.rebase(touched)
      state.publish(touched)
    }
  }
}

/** The members that an operation depends on. */
export const neededMembers = ({ needs }: Prepared, group: GroupRow | null): string[] =>
  needs(group).flatMap(({ table, id }) => (table === 'members' ? id : []))
