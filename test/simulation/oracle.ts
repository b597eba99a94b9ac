/**
 * Rules for the server that share no code with the kernel: the users who can end a group, and that
 * an application admits its author once.
 */

import type { GroupWrites, LogEntry } from '../../src/server/database/port.ts'
import type { Moment } from './history.ts'

/** By group and user: the log positions of the last application, its decision and the last join. */
export type Applications = Map<
  string,
  { readonly applied: number; readonly decided: number; readonly joined: number }
>

/** Yields the violations of a transaction. */
export function* judgeWrites(
  before: Moment,
  applications: Applications,
  writes: GroupWrites
): Generator<string> {
  yield* judgeEnd(before, writes)
  yield* judgeApplications(applications, writes)
}

function* judgeEnd(
  before: Moment,
  { groupID, log, state, dissolved }: GroupWrites
): Generator<string> {
  if (before.row && !state.row && !dissolved) yield `${groupID} has ended, and its members stay`
  if (!dissolved) return
  const isCreated = log.some(({ name }) => name === 'createGroup')
  if (!log.some(entry => mayEnd(entry, { before, log, isCreated }))) {
    const said = log.map(({ name, actor }) => `${name} by ${actor}`).join(', ')
    yield `${groupID}, ${before.row?.type} of ${before.row?.ownerID}, is ended by ${said}`
  }
}

function mayEnd(
  { name, actor }: LogEntry,
  { before, log, isCreated }: { before: Moment; log: readonly LogEntry[]; isCreated: boolean }
): boolean {
  if (actor === 'app') return true
  const types = [before.row?.type, ...log.map(entry => (entry.args as { type?: string }).type)]
  const owners = [
    before.row?.ownerID,
    ...log.map(entry =>
      entry.name === 'createGroup'
        ? entry.actor
        : (entry.args as { newOwnerID?: string }).newOwnerID
    )
  ]
  if (name === 'dismissGroup')
    return owners.includes(actor) && types.some(type => type !== undefined && type !== 'Private')
  if (name !== 'quitGroup' || !types.includes('Private')) return false
  // One of several operations may have removed the others.
  return isCreated || log.length > 1 || [...before.members.keys()].every(userID => userID === actor)
}

function* judgeApplications(
  applications: Applications,
  { groupID, log, others, memberships }: GroupWrites
): Generator<string> {
  const of = (userID: string) =>
    applications.get(`${groupID}/${userID}`) ?? { applied: 0, decided: 0, joined: 0 }
  const note = (userID: string, position: Partial<ReturnType<typeof of>>) =>
    void applications.set(`${groupID}/${userID}`, { ...of(userID), ...position })
  const pending = new Set(
    others.flatMap(({ table, id, row }) =>
      table === 'applications' && row.state === 'pending' ? id : []
    )
  )
  const since = new Map(
    memberships.flatMap(each => (each.follows ? [[each.userID, each.since] as const] : []))
  )
  for (const { name, actor, args, seq } of log) {
    const { userID = '', handleAction } = args as { userID?: string; handleAction?: string }
    // Only the end of a batch tells a join from an application. An application allows more.
    if (name === 'joinGroup' && (pending.has(actor) || since.get(actor) !== seq))
      note(actor, { applied: seq })
    if (name !== 'handleGroupApplication') continue
    const { applied, decided, joined } = of(userID)
    if (decided > applied)
      yield `the application of ${userID} in ${groupID} is decided at ${decided} and ${seq}`
    if (handleAction === 'Agree' && since.get(userID) === seq && joined > applied)
      yield `${userID} applied in ${groupID} at ${applied}, joined at ${joined} and at ${seq}`
    note(userID, { decided: seq })
  }
  for (const [userID, seq] of since) if (seq > of(userID).joined) note(userID, { joined: seq })
}
