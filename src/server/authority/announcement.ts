/** The changes of a committed batch. Sessions of all users of the group receive them. */

import type { EntriesTable, GroupRow, SettingsRow } from '../../kernel/model.ts'
import type { FeedDelta, GroupDelta } from '../../protocol/server-messages.ts'

export type Announcement = {
  readonly groupID: string
  readonly from: number
  readonly to: number
  /** The users whose operations it holds. */
  readonly actors: ReadonlySet<string>
  readonly group: GroupRow | null
  /** Whether the row of the group differs from the row at `from`. */
  readonly isRowChanged: boolean
  readonly members: GroupDelta['members']
  readonly gone: GroupDelta['gone']
  readonly tips: GroupDelta['tips']
  /** The length of rows and tips. */
  readonly bytes: number
  /** Settings are private: each user receives only their own. */
  readonly settings: ReadonlyMap<string, SettingsRow>
  /** The changed ones. All members receive them. */
  readonly entries: Pick<GroupDelta, EntriesTable>
  readonly feeds: ReadonlyMap<string, FeedDelta>
}
