/**
 * Detects drift: rows that differ from the server's for any reason. With each ping the server
 * compares positions. With most pings it also compares a digest of one group's rows, and sends the
 * group once more if the digests differ.
 */

import { entriesTables } from '../../kernel/model.ts'
import type { Storage } from '../../storage/port.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { digestVersion, groupDigest, positionDigest, rowDigest } from '../../protocol/digest.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import type { Base } from '../state/base.ts'
import { isWhole } from '../state/held.ts'
import { parsed, storedRows } from '../state/stored-rows.ts'

/** Rows of other groups share the pages of these tables, and a digest cannot tell which are damaged. */
const checked = ['groups', ...entriesTables] as const

const areUndamaged = (table: (typeof checked)[number], rows: readonly unknown[]): boolean =>
  rows.every(row => parsed<unknown>(storedRows[table], row))

type Pong = Extract<ServerMessage, { type: 'pong' }>
type Ping = Extract<ClientMessage, { type: 'ping' }>

/** `onDamaged`: rows in storage are damaged that stay in memory. */
export function createDrift(storage: Storage, base: Base, onDamaged: () => void) {
  /** Whether the server computes digests in the same way as this build. */
  let comparesDigests = false
  let lastGroupID = ''

  /** The group to check next, in the order of IDs. */
  function nextGroupID(): string | undefined {
    const ids = [...base.groups.keys()].sort()
    const next = ids.find(groupID => groupID > lastGroupID) ?? ids[0]
    lastGroupID = next ?? ''
    return next
  }

  return {
    welcome: (serverVersion: number) => void (comparesDigests = serverVersion === digestVersion),

    /**
     * The rows are read from storage: memory may differ from it. A group whose members the server
     * does not send has no digest to compare, but its rows may be damaged.
     */
    async ping(): Promise<Ping> {
      const next = nextGroupID()
      if (next === undefined) return { type: 'ping' }
      const held = base.groups.get(next)
      const isCompared = comparesDigests && held !== undefined && isWhole(held)
      const { answers } = await storage.read([
        { table: 'groups', scope: '', ids: [next] },
        { table: 'attributes', scope: '', ids: [next] },
        { table: 'counters', scope: '', ids: [next] },
        { table: 'members', scope: next, ...(!isCompared && { ids: [] }) }
      ])
      // A digest finds damaged members.
      const areWhole = checked.every((table, index) => areUndamaged(table, answers[index] ?? []))
      if (!areWhole) onDamaged()
      const [[group], ...rows] = answers
      if (!areWhole || !isCompared || !group || !isWhole(group)) return { type: 'ping' }
      const { groupID, membershipEpoch, seq, row, self } = group
      const all = rows.flat()
      const own = all.find(row => 'userID' in row && row.userID === self?.userID)
      // The server has no copy of the own row, so a copy that differs needs a wrong digest.
      const isCopyRight = rowDigest(self) === rowDigest(own)
      const digest = (groupDigest([row, ...all]) ^ (isCopyRight ? 0 : 1)) >>> 0
      const check = { groupID, membershipEpoch, seq, digest, version: digestVersion }
      return { type: 'ping', check }
    },

    /** Whether the server assumes other positions of this client than its own. */
    isElsewhere: ({ feed, groups }: Pong): boolean =>
      base.meta()?.feed !== feed ||
      (comparesDigests && positionDigest(base.groups.values()) !== groups)
  }
}
