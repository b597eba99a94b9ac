/**
 * Predicts whether an operation would be accepted. It applies the kernel's rules to the rows that
 * the observables of this page show.
 */

import { generatedIDPrefix } from '../kernel/ids.ts'
import { prepare } from '../kernel/decide.ts'
import type { View } from '../kernel/decision.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import {
  groupKey,
  newMember,
  type ApplicationRow,
  type EntriesRow,
  type EntriesTable,
  type Key,
  type MemberRow,
  type Rows,
  type SettingsRow,
  type Table
} from '../kernel/model.ts'
import { noticeTypes } from '../kernel/notices.ts'
import type { Group, Member, Notice, Status } from '../engine/api.ts'
import type { List, StreamQuery } from '../engine/stream-api.ts'

/**
 * The answer of `can`. `no` has the refusal. `unknown`: the shown rows do not decide, and `missing`
 * names the rows that would.
 */
export type Answer =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly error: GroupError }
  | { readonly kind: 'unknown'; readonly missing: readonly Key[] }

/** The current results of all queries on this page. */
type Shown = Iterable<{ readonly query: StreamQuery; readonly value: unknown }>

type CanOptions = {
  readonly userID: string
  readonly status: Status | undefined
  readonly shown: Shown
  readonly nowMs: number
}

export function can(name: string, args: unknown, options: CanOptions): Answer {
  try {
    return judge(name, args, options)
  } catch (error) {
    // Expected: an argument is a getter or a proxy that throws.
    return {
      kind: 'no',
      error: groupError('IllegalArgument', error instanceof Error ? error.message : '')
    }
  }
}

function judge(name: string, args: unknown, { userID, status, shown, nowMs }: CanOptions): Answer {
  const given: unknown =
    typeof args === 'object' && args !== null && 'groupID' in args ? args.groupID : undefined
  const groupID =
    typeof given === 'string' && given !== '' ? given : `${generatedIDPrefix}${'0'.repeat(22)}`
  const checked = prepare({ name, args, groupID }, userID)
  if (!checked.ok) return { kind: 'no', error: checked.error }
  // The status says whether the user is an app admin.
  if (!status) return { kind: 'unknown', missing: [groupKey(groupID)] }
  const decision = checked.prepared.decide(viewOf([...shown], userID), {
    actor: userID,
    isAppAdmin: status.isAppAdmin,
    now: Math.floor((nowMs + status.clockOffsetMs) / 1000),
    policy: status.policy,
    seq: 0
  })
  if (decision.kind === 'accept') return { kind: 'yes' }
  if (decision.kind === 'unknown') return decision
  return { kind: 'no', error: decision.error }
}

function viewOf(shown: readonly { query: StreamQuery; value: unknown }[], userID: string): View {
  // The kind of a query decides the type of its value.
  const valuesOf = <V>(isWanted: (query: StreamQuery) => boolean) =>
    shown.flatMap(({ query, value }) => (isWanted(query) ? [value as V] : []))

  function group(groupID: string): Group | undefined {
    const single = valuesOf<Group | null>(
      query => query.kind === 'group' && query.groupID === groupID
    ).find(Boolean)
    const lists = valuesOf<List<Group>>(({ kind }) => kind === 'groups')
    return single ?? lists.flatMap(({ rows }) => rows).find(row => row.groupID === groupID)
  }

  function member(groupID: string, user: string): MemberRow | null | undefined {
    const own = user === userID ? group(groupID) : undefined
    if (own) return own.selfInfo && newMember({ groupID, userID, ...selfRow(own.selfInfo) })
    const singles = valuesOf<Member | null>(
      query => query.kind === 'member' && query.groupID === groupID && query.userID === user
    )
    if (singles.length > 0) return singles[0]
    const windows = valuesOf<List<Member>>(
      query => query.kind === 'members' && query.groupID === groupID
    )
    const whole = valuesOf<List<Member>>(
      query => query.kind === 'members' && query.groupID === groupID && !query.search && !query.role
    )
    const row = windows.flatMap(({ rows }) => rows).find(each => each.userID === user)
    const isAll = whole.some(({ rows, total, complete }) => complete && rows.length === total)
    return row ?? (isAll ? null : undefined)
  }

  function settings(groupID: string): SettingsRow | undefined {
    const self = group(groupID)?.selfInfo
    return self ? { groupID, userID, messageRemindType: self.messageRemindType } : undefined
  }

  function entries(table: EntriesTable, groupID: string): EntriesRow | null | undefined {
    const list = valuesOf<List<EntriesRow>>(
      query => query.kind === table && query.groupID === groupID
    )[0]
    return list?.complete ? (list.rows[0] ?? null) : undefined
  }

  function application(groupID: string, user: string): ApplicationRow | undefined {
    const notices = valuesOf<List<Notice>>(({ kind }) => kind === 'notices').flatMap(
      ({ rows }) => rows
    )
    const notice = [...notices]
      .reverse()
      .find(
        each =>
          each.operationType === noticeTypes.applied &&
          each.groupID === groupID &&
          each.operatorID === user
      )
    if (!notice?.application) return undefined
    const {
      applicationSeq: seq = 0,
      handleMessage: applyMessage,
      time: applyTime,
      application: state
    } = notice
    return {
      groupID,
      userID: user,
      seq,
      applyMessage,
      applyTime,
      state,
      handlerID: '',
      handleMessage: ''
    }
  }

  function get(key: Key): Rows[Table] | null | undefined {
    switch (key.table) {
      case 'groups':
        return group(key.id)
      case 'members':
        return member(key.scope, key.id)
      case 'settings':
        return settings(key.scope)
      case 'applications':
        return application(key.scope, key.id)
      case 'attributes':
      case 'counters':
        return entries(key.table, key.scope)
      case 'mutes':
      case 'bans':
      case 'marks':
        return undefined
    }
  }

  return {
    // `get` returns a row of the table that the key names.
    get: <T extends Table>(key: Key<T>) => get(key) as Rows[T] | null | undefined,
    groupCount: user =>
      user === userID
        ? valuesOf<List<Group>>(query => query.kind === 'groups' && !query.search)[0]?.total
        : undefined
  }
}

const selfRow = ({ role, joinTime, nameCard, muteUntil }: NonNullable<Group['selfInfo']>) => ({
  role,
  joinTime,
  nameCard,
  muteUntil
})
