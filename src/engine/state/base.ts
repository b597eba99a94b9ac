/**
 * Base rows in memory: the rows that the server has confirmed. All groups and notices are in
 * memory. Members and tips are loaded from storage when they are needed. Only committed writes
 * change base rows.
 */

import * as v from 'valibot'
import type {
  ApplicationRow,
  EntriesRow,
  EntriesTable,
  MemberRow,
  SettingsRow
} from '../../kernel/model.ts'
import { columnOf } from '../../protocol/column-block.ts'
import type { Storage, Write } from '../../storage/port.ts'
import {
  ringPlace,
  type UndeliveredEvent,
  type HeldGroup,
  type HeldNotice,
  type Meta
} from '../../storage/tables.ts'
import { memberRow, tipRow } from '../../protocol/rows.ts'
import { createCache } from './cache.ts'
import { isApplication, isWhole } from './held.ts'
import { keepLast } from './keep-last.ts'
import { touchMember, type Touched } from './touched.ts'

export type Base = ReturnType<typeof createBase>

/** Rows of a group in storage that are damaged, or that are missing. */
export type Damage = {
  readonly table: 'members' | 'tips'
  readonly groupID: string
  readonly rows: number
}

export function createBase(storage: Storage, userID: string, onDamaged: (damage: Damage) => void) {
  let meta: Meta | undefined
  const groups = new Map<string, HeldGroup>()
  const entries = {
    attributes: new Map<string, EntriesRow>(),
    counters: new Map<string, EntriesRow>()
  }
  const notices = new Map<string, HeldNotice>()
  const undelivered = new Map<string, UndeliveredEvent>()
  /** By group: the last rows of former members, if this tab had loaded them. */
  const leftMembers = new Map<string, Map<string, MemberRow>>()
  const members = createCache(storage, {
    table: 'members',
    idOf: row => row.userID,
    isRow: (row, groupID) => v.is(memberRow, row) && (row as MemberRow).groupID === groupID,
    onDamaged: (groupID, rows) => onDamaged({ table: 'members', groupID, rows })
  })
  // A damaged tip is left out: it describes a change that the rows show anyway.
  const tips = createCache(storage, {
    table: 'tips',
    idOf: row => ringPlace(row.number),
    isRow: row => v.is(tipRow, row),
    onDamaged: (groupID, rows) => onDamaged({ table: 'tips', groupID, rows })
  })

  function applyWrite(write: Write, touched: Touched): void {
    switch (write.table) {
      case 'groups':
        applyGroup(write, touched)
        break
      case 'attributes':
      case 'counters':
        if ('id' in write) touched.groups.add(write.id)
        put(entries[write.table], write)
        break
      case 'members':
        if ('row' in write && write.row === null) keepLeftMember(write.scope, write.id)
        members.applyWrite(write)
        if ('id' in write) touchMember(touched, write.scope, write.id)
        else if ('block' in write)
          for (const user of columnOf(write.block, 'userID'))
            touchMember(touched, write.scope, user)
        else touched.members.set(write.scope, 'all')
        break
      case 'tips':
        tips.applyWrite(write)
        touched.tips.add(write.scope)
        break
      case 'notices':
        put(notices, write)
        touched.notices = true
        // A pending operation may be about the application of this notice.
        if ('row' in write && write.row) touched.groups.add(write.row.groupID)
        break
      case 'undelivered':
        put(undelivered, write)
        touched.undelivered = true
        break
      case 'meta':
        meta = 'empty' in write ? undefined : (write.row ?? undefined)
        break
      case 'outbox':
      case 'lease':
      case 'verdicts':
      case 'database':
    }
  }

  function keepLeftMember(groupID: string, user: string): void {
    const row = members.get(groupID, user)
    const rows = leftMembers.get(groupID) ?? new Map<string, MemberRow>()
    if (row) keepLast(rows, user, row)
    if (row) leftMembers.set(groupID, rows)
  }

  function applyGroup(write: Extract<Write, { table: 'groups' }>, touched: Touched): void {
    for (const groupID of 'empty' in write ? groups.keys() : [write.id]) {
      touched.groups.add(groupID)
      touchMember(touched, groupID, userID)
    }
    if ('empty' in write) leftMembers.clear()
    else if (!write.row) leftMembers.delete(write.id)
    put(groups, write)
  }

  return {
    groups: groups as ReadonlyMap<string, HeldGroup>,
    /** By group. */
    entries: entries as Readonly<Record<EntriesTable, ReadonlyMap<string, EntriesRow>>>,
    /** By place in the ring. */
    notices: notices as ReadonlyMap<string, HeldNotice>,
    undelivered: undelivered as ReadonlyMap<string, UndeliveredEvent>,
    meta: () => meta,
    applyWrite,
    members,
    tips,
    isLoaded: (groupID: string, users: readonly string[]) =>
      members.isLoaded(
        groupID,
        users.filter(user => user !== userID)
      ),
    /** Loads all members of a group, and reports the group as damaged if some are missing. */
    async loadAll(groupID: string): Promise<void> {
      await members.load(groupID, 'all')
      // Meanwhile the stream may have been closed, and the members released.
      if (!members.isLoaded(groupID, 'all')) return
      const held = groups.get(groupID)
      const count = [...members.all(groupID)].length
      const missing = held && isWhole(held) ? held.row.memberNum - count : 0
      if (missing > 0) onDamaged({ table: 'members', groupID, rows: missing })
    },
    load: (groupID: string, users: readonly string[]) =>
      members.load(
        groupID,
        users.filter(user => user !== userID)
      ),

    /** `undefined`: not received from the server, or not loaded from storage. `null`: no member. */
    member(groupID: string, user: string): MemberRow | null | undefined {
      const held = groups.get(groupID)
      if (!held?.row) return undefined
      if (user === userID) return held.self
      const isCovered = held.membersUpTo === null || user <= held.membersUpTo
      return (
        members.get(groupID, user) ??
        (isCovered && members.isLoaded(groupID, [user]) ? null : undefined)
      )
    },

    /** The row of a present or former member. */
    lastKnownMember: (groupID: string, user: string): MemberRow | undefined =>
      members.get(groupID, user) ?? leftMembers.get(groupID)?.get(user),

    settings(groupID: string, user: string): SettingsRow | null | undefined {
      return user === userID ? groups.get(groupID)?.settings : undefined
    },

    /** From the notice: every user with the right to decide an application has received one. */
    application(groupID: string, user: string): ApplicationRow | undefined {
      const ofUser = [...notices.values()].filter(notice => isApplication(notice, groupID, user))
      const notice = ofUser.reduce<HeldNotice | undefined>(
        (last, each) => (last && last.number > each.number ? last : each),
        undefined
      )
      return notice && applicationOf(notice)
    }
  }
}

function put<R>(
  rows: Map<string, R>,
  write: { empty: true } | { id: string; row: R | null }
): void {
  if ('empty' in write) rows.clear()
  else if (write.row === null) rows.delete(write.id)
  else rows.set(write.id, write.row)
}

function applicationOf({
  groupID,
  operatorID: userID,
  applicationSeq: seq = 0,
  handleMessage: applyMessage,
  time: applyTime,
  handled
}: HeldNotice): ApplicationRow {
  return {
    groupID,
    userID,
    seq,
    applyMessage,
    applyTime,
    state: handled?.state ?? 'pending',
    handlerID: handled?.by ?? '',
    handleMessage: ''
  }
}
