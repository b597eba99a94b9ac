/** I1: the rows that a user should see, computed from stored rows and pending operations. */

import type { Group, Notice } from '../../src/engine/api.ts'
import { prepare } from '../../src/kernel/decide.ts'
import type { View } from '../../src/kernel/decision.ts'
import { defaultPolicy } from '../../src/kernel/limits.ts'
import type {
  ApplicationRow,
  Change,
  EntriesRow,
  EntriesTable,
  GroupRow,
  Key,
  MemberRow,
  Rows,
  SettingsRow,
  Table
} from '../../src/kernel/model.ts'
import { noticeTypes } from '../../src/kernel/notices.ts'
import { inOrder, type HeldNotice, type Pending } from '../../src/storage/tables.ts'
import type { Disk } from './disk.ts'

export type Seen = {
  readonly group: Group | null
  /** By userID. */
  readonly members: ReadonlyMap<string, MemberRow>
  application(userID: string): ApplicationRow | null
  /** Attributes and counters. `null`: nobody has set any. */
  readonly entries: Readonly<Record<EntriesTable, EntriesRow | null>>
}

export function seenOf(
  disk: Disk,
  userID: string,
  groupID: string,
  waiting: readonly Pending[]
): Seen {
  const held = disk.table('groups').get(groupID)
  const meta = disk.table('meta').get('')
  const overlay = new Map<
    string,
    { readonly table: Table; readonly id: string; readonly row: Rows[Table] | null }
  >()
  // `hidesBase`: an operation created or ended the group.
  const lane = { hidesBase: false }

  function base(key: Key): Rows[Table] | null | undefined {
    if (key.table === 'applications') return applicationOf(disk, groupID, key.id)
    if (!held?.row) return undefined
    if (key.table === 'groups') return held.row
    if (key.table === 'settings') return key.id === userID ? held.settings : undefined
    if (key.table === 'attributes' || key.table === 'counters')
      return disk.table(key.table).get(groupID) ?? null
    if (key.table !== 'members') return undefined
    if (key.id === userID) return held.self
    const isCovered = held.membersUpTo === null || key.id <= held.membersUpTo
    return disk.table('members', groupID).get(key.id) ?? (isCovered ? null : undefined)
  }

  function readView(key: Key): Rows[Table] | null | undefined {
    if (key.scope !== groupID && key.id !== groupID) return undefined
    const predicted = overlay.get(`${key.table}/${key.id}`)
    if (predicted) return predicted.row
    return lane.hidesBase ? null : base(key)
  }

  function put({ table, id, row }: Change): void {
    if (table === 'groups' && (row === null || !readView({ table, scope: '', id }))) {
      lane.hidesBase = true
      overlay.clear()
    }
    overlay.set(`${table}/${id}`, { table, id, row })
  }

  // `readView` returns rows of the key's table.
  const view: View = {
    get: <T extends Table>(key: Key<T>) => readView(key) as Rows[T] | null | undefined,
    groupCount: () => 0
  }
  const { isAppAdmin = false, policy = defaultPolicy } = meta ?? {}
  for (const pending of waiting.filter(each => each.groupID === groupID).sort(inOrder)) {
    const checked = prepare(pending, userID)
    if (!checked.ok) continue
    const decision = checked.prepared.decide(view, {
      actor: userID,
      isAppAdmin,
      now: pending.askedAtServerSeconds,
      policy,
      seq: 0
    })
    if (decision.kind === 'accept') for (const change of decision.changes) put(change)
  }

  const row = (readView({ table: 'groups', scope: '', id: groupID }) ?? null) as GroupRow | null
  const member = (id: string) =>
    (readView({ table: 'members', scope: groupID, id }) ?? null) as MemberRow | null
  const application = (id: string) =>
    (readView({ table: 'applications', scope: groupID, id }) ?? null) as ApplicationRow | null
  const entries = (table: EntriesTable) =>
    (readView({ table, scope: groupID, id: '' }) ?? null) as EntriesRow | null
  const self = member(userID)
  if (!row || (!self && row.ownerID !== userID))
    return { group: null, members: new Map(), application, entries: noEntries }
  const settings = (readView({ table: 'settings', scope: groupID, id: userID }) ??
    null) as SettingsRow | null
  const ids = new Set(lane.hidesBase ? [] : disk.table('members', groupID).keys())
  for (const { table, id } of overlay.values()) if (table === 'members') ids.add(id)
  return {
    group: {
      ...row,
      selfInfo: self && {
        role: self.role,
        joinTime: self.joinTime,
        nameCard: self.nameCard,
        muteUntil: self.muteUntil,
        memberCustomField: self.memberCustomField,
        messageRemindType: settings?.messageRemindType ?? 'AcceptAndNotify'
      }
    },
    members: new Map(
      [...ids].flatMap((id): [string, MemberRow][] => {
        const found = member(id)
        return found ? [[id, found]] : []
      })
    ),
    application,
    entries: { attributes: entries('attributes'), counters: entries('counters') }
  }
}

const noEntries = { attributes: null, counters: null }

const isApplication = ({ operationType, ...notice }: HeldNotice, groupID: string, userID: string) =>
  operationType === noticeTypes.applied &&
  notice.groupID === groupID &&
  notice.operatorID === userID

/** The application as its last notice states it. */
function applicationOf(disk: Disk, groupID: string, userID: string): ApplicationRow | undefined {
  const notices = [...disk.table('notices').values()].filter(notice =>
    isApplication(notice, groupID, userID)
  )
  const notice = notices.sort((a, b) => a.number - b.number).at(-1)
  if (!notice) return undefined
  const { handled } = notice
  return {
    groupID,
    userID,
    seq: notice.applicationSeq ?? 0,
    applyMessage: notice.handleMessage,
    applyTime: notice.time,
    state: handled?.state ?? 'pending',
    handlerID: handled?.by ?? '',
    handleMessage: ''
  }
}

/** The state of the application in its notice. */
export function applicationState(held: HeldNotice, seen: Seen): Notice['application'] {
  if (held.operationType !== noticeTypes.applied) return null
  const application = seen.application(held.operatorID)
  return (
    held.handled?.state ??
    (application && application.seq === held.applicationSeq ? application.state : 'pending')
  )
}

/** Whether a row is shown correctly. A mute that has ended is not shown. */
export function isShown(
  shown: object | null | undefined,
  expected: object | null | undefined
): boolean {
  if (!shown || !expected) return !shown && !expected
  const names = Object.keys(expected)
  if (names.length !== Object.keys(shown).length) return false
  return names.every(name => {
    const is: unknown = Reflect.get(shown, name)
    const should: unknown = Reflect.get(expected, name)
    if (is === should || (name === 'muteUntil' && is === 0)) return true
    if (name === 'selfInfo') return isShown(is as object | null, should as object | null)
    return typeof is === 'object' && JSON.stringify(is) === JSON.stringify(should)
  })
}
