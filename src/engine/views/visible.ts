/** Groups and members as the user sees them: base rows with the overlay, and no ended mutes. */

import type { EntriesRow, EntriesTable, MemberRow } from '../../kernel/model.ts'
import type { Group } from '../api.ts'
import type { Mutes } from '../state/mutes.ts'
import type { Overlay } from '../state/overlay.ts'

export type Visible = ReturnType<typeof createVisible>

export function createVisible(overlay: Overlay, mutes: Mutes, userID: string) {
  function member(groupID: string, user: string): MemberRow | null {
    const row = overlay.member(groupID, user)
    return row && mutes.current(row)
  }

  return {
    member,
    entries: (table: EntriesTable, groupID: string): EntriesRow | null =>
      overlay.isVisible(groupID) ? overlay.entries(table, groupID) : null,
    group(groupID: string): Group | null {
      const row = overlay.isVisible(groupID) ? overlay.group(groupID) : null
      if (!row) return null
      const self = member(groupID, userID)
      if (!self) return { ...row, selfInfo: null }
      const { role, joinTime, nameCard, muteUntil, memberCustomField } = self
      const messageRemindType = overlay.settings(groupID)?.messageRemindType ?? 'AcceptAndNotify'
      return {
        ...row,
        selfInfo: { role, joinTime, nameCard, muteUntil, memberCustomField, messageRemindType }
      }
    }
  }
}
