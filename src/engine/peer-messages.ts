/** Checks messages from other tabs: another build of the app may have posted them. */

import * as v from 'valibot'
import { tableNames } from '../storage/tables.ts'
import { groupErrorSchema } from '../protocol/verdicts.ts'
import { groupRow, memberRow, memberRows } from '../protocol/rows.ts'
import { orNull } from '../protocol/exact.ts'
import { id, natural, number, oneOf, text, truth } from '../protocol/fields.ts'
import type { SyncStatus } from './api.ts'
import type { PeerMessage } from './host.ts'
import { parsed, storedRows } from './state/stored-rows.ts'

const write = v.union([
  v.object({ table: oneOf(...tableNames), scope: text(), empty: oneOf(true) }),
  v.object({ table: oneOf('members'), scope: text(), block: memberRows }),
  ...tableNames.map(table =>
    v.object({
      table: oneOf(table),
      scope: text(),
      id: text(),
      row: orNull<unknown>(storedRows[table])
    })
  )
])

const answer = v.union([
  groupRow,
  v.object({ members: v.array(memberRow), next: orNull(natural) }),
  groupErrorSchema
])
const syncStatus: v.GenericSchema<unknown, SyncStatus> = v.object({
  connection: oneOf('offline', 'connecting', 'online'),
  caughtUp: truth,
  lastError: orNull(groupErrorSchema),
  nextRetryAtMs: orNull(number)
})
const pause = v.object({ isPaused: truth, calls: natural })
const peerMessage = v.union([
  v.object({
    type: oneOf('committed'),
    databaseID: v.exactOptional(id),
    commits: v.array(v.object({ commitNumber: natural, writes: v.array(write) }))
  }),
  v.object({ type: oneOf('unposted', 'pageClosed') }),
  v.object({ type: oneOf('logout'), isDiscarding: truth }),
  v.object({
    type: oneOf('status'),
    term: natural,
    commitNumber: natural,
    pause,
    status: syncStatus
  }),
  v.object({ type: oneOf('vacant'), term: natural }),
  v.object({ type: oneOf('pause'), pause }),
  v.object({ type: oneOf('token'), token: text() }),
  // The leader checks the arguments of the question.
  v.object({ type: oneOf('ask'), id: text(), question: v.looseObject({ type: text() }) }),
  v.object({ type: oneOf('answer'), id: text(), answer }),
  v.object({ type: oneOf('hello'), wanted: v.array(text()), keepUndelivered: truth })
])

/** `undefined`: a message that this build does not post. */
export const parsePeerMessage = (message: unknown): PeerMessage | undefined =>
  // The schema checks that the row of a write belongs to its table. Its type does not express that.
  parsed(peerMessage, message) as PeerMessage | undefined
