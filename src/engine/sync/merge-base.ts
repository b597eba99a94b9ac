/** The rows in memory that a merge depends on. */

import type { DeltaMessage } from '../../protocol/server-messages.ts'
import type { Base } from '../state/base.ts'
import type { State } from '../state/state.ts'
import type { MergeBase } from './draft.ts'

/** `undefined` before the first welcome. */
export function mergeBaseOf(
  { base, outbox }: State,
  userID: string,
  keepUndelivered: boolean
): MergeBase | undefined {
  const meta = base.meta()
  const { groups, entries, notices } = base
  return meta && { userID, meta, groups, entries, outbox: outbox.rows, notices, keepUndelivered }
}

/** Loads members that leave now: a window may begin after one of them, and needs its row. */
export async function loadLeavingMembers(
  base: Base,
  deltas: readonly DeltaMessage[]
): Promise<void> {
  const leaving = deltas
    .flatMap(({ groups }) => groups)
    .filter(({ groupID, gone }) => gone.length > 0 && !base.isLoaded(groupID, gone))
  await Promise.all(leaving.map(({ groupID, gone }) => base.load(groupID, gone)))
}
