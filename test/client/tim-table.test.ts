/**
 * Every group call by every kind of user, with and without a network: the answer, the events and
 * their order. Which user may do what comes from the permission matrix of `test/kernel`.
 */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cells, type Actor, type Cell, type WorldName } from '../kernel/matrix.ts'
import { beyondLimit, greatest, illShaped } from './call-arguments.ts'
import { openWorld, users, worldTypes, type Role, type WorldType } from './table-world.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const roles = Object.keys(users) as Role[]
const networks = ['online', 'offline'] as const
type Network = (typeof networks)[number]

/**
 * By call: its row of the matrix, and the events around the answer of an accepted call. `/` is the
 * return of the network. A tip comes from the server, so offline it comes after that.
 *
 * - `list`: the group appears, disappears, or has another profile.
 * - A change of members alone has a tip and no `list`. A name card and the own settings have none.
 * - Notices 5, 6 and 8 go to the user who dismissed, created or quit.
 */
const operations: Readonly<
  Record<string, readonly [row: string, events: Record<Network, string>]>
> = {
  createGroup: [
    'createGroup of a new ID',
    { online: 'list notice6 ok', offline: 'list ok / notice6' }
  ],
  updateGroupProfile: [
    'updateGroupProfile groupCustomField',
    { online: 'list ok tip6', offline: 'list ok / tip6' }
  ],
  quitGroup: ['quitGroup', { online: 'list ok notice8', offline: 'list ok / notice8' }],
  dismissGroup: ['dismissGroup', { online: 'list ok notice5', offline: 'list ok / notice5' }],
  changeGroupOwner: ['changeGroupOwner', { online: 'list ok tip6', offline: 'list ok / tip6' }],
  handleGroupApplication: [
    'handleGroupApplication Agree',
    { online: 'ok tip1', offline: 'ok / tip1' }
  ],
  setMessageRemindType: ['setMessageRemindType', { online: 'ok', offline: 'ok' }],
  addGroupMember: ['addGroupMember', { online: 'ok tip1', offline: 'ok / tip1' }],
  deleteGroupMember: ['deleteGroupMember', { online: 'ok tip3', offline: 'ok / tip3' }],
  setGroupMemberMuteTime: [
    'setGroupMemberMuteTime of 600',
    { online: 'ok tip7', offline: 'ok / tip7' }
  ],
  setGroupMemberRole: ['setGroupMemberRole to Admin', { online: 'ok tip4', offline: 'ok / tip4' }],
  setGroupMemberNameCard: ['setGroupMemberNameCard', { online: 'ok', offline: 'ok' }],
  setGroupMemberCustomField: ['setGroupMemberCustomField', { online: 'ok', offline: 'ok' }]
}

const actorOf: Readonly<Record<Role, Actor>> = {
  stranger: 'outsider',
  member: 'member',
  admin: 'admin',
  owner: 'owner',
  app: 'app'
}

function cellOf(row: string, world: WorldName, role: Role): Cell {
  const found = cells.find(
    cell =>
      cell.operation === row &&
      cell.world === world &&
      cell.actor === actorOf[role] &&
      (cell.target === undefined || cell.target === 'member')
  )
  if (!found) throw new Error(`the matrix has no cell: ${row}, ${world}, ${role}`)
  return found
}

/**
 * A device without the group queues the operation. Online the call has the server's answer. Offline
 * it rejects with 4512 after 15 s, and an event reports a later refusal. App admins outside the
 * group get no events of it.
 */
function expectedOf(call: string, type: WorldType, role: Role, network: Network): string {
  const [row, events] = operations[call]!
  const { device, server } = cellOf(row, type, role)
  if (device === 'accepted') return events[network]
  if (device !== 'undecided') return String(device)
  if (network === 'online') return server === 'accepted' ? 'ok' : String(server)
  return server === 'accepted' ? '4512' : `4512 / error${server}`
}

async function outcome(call: string, type: WorldType, role: Role, network: Network) {
  const world = await openWorld(type, role, network === 'online')
  const before = await world.outcomeOf(call, greatest[call])
  const after = network === 'online' ? '' : await world.reconnect()
  void world.end()
  return after === '' ? before : `${before} / ${after}`
}

async function outcomes(call: string, type: WorldType, network: Network) {
  const found: Record<string, string> = {}
  for (const role of roles) found[role] = await outcome(call, type, role, network)
  return found
}

const places = worldTypes.flatMap(type => networks.map(network => ({ type, network })))

describe.each(places)('in a $type group $network', ({ type, network }) => {
  test.each(Object.keys(operations))('%s answers every user', async call => {
    const expected = roles.map(role => [role, expectedOf(call, type, role, network)])
    expect(await outcomes(call, type, network)).toEqual(Object.fromEntries(expected))
  })

  /** Private groups are joined by invitation. A Public one of this world needs permission. */
  const joining = {
    Private: '10007',
    Public: 'WaitAdminApproval',
    ChatRoom: 'list tip1 JoinedSuccess'
  }
  /** Only members see a Private group, and nobody finds it. */
  const isHidden = type === 'Private'
  /** The server answers about groups that the user is not in. */
  const asked = (online: string) => (network === 'online' ? online : '2805')
  const applications = type === 'Public' ? '1' : '0'
  const notices = type === 'Public' ? '2' : '1'
  /** By call: a stranger, a member, an admin, the owner, an app admin outside the group. */
  const others: Readonly<Record<string, readonly string[]>> = {
    joinGroup: [
      asked(joining[type]),
      'AlreadyInGroup',
      'AlreadyInGroup',
      'AlreadyInGroup',
      asked(joining[type])
    ],
    getGroupList: ['0', '1', '1', '1', '0'],
    getGroupProfile: [asked(isHidden ? '10007' : 'ok'), 'ok', 'ok', 'ok', asked('ok')],
    searchGroupByID: roles.map(() => asked(isHidden ? '10007' : 'ok')),
    getGroupMemberList: [asked('10007'), '4', '4', '4', asked('4')],
    getGroupMemberProfile: [asked('10007'), '2', '2', '2', asked('2')],
    getGroupApplicationList: ['0', '0', applications, applications, '0'],
    // One notice of the group's creation or invitation, and one of the application.
    getMessageList: ['0', '1', notices, notices, '0']
  }
  test.each(Object.keys(others))('%s answers every user', async call => {
    const expected = roles.map((role, index) => [role, others[call]![index]])
    expect(await outcomes(call, type, network)).toEqual(Object.fromEntries(expected))
  })

  test('no call of the table is left out', () => {
    expect([...Object.keys(operations), ...Object.keys(others)].sort()).toEqual(
      Object.keys(greatest).sort()
    )
  })
})

describe.each(networks)('%s', network => {
  test.each(roles)('arguments of a wrong shape are refused, with no event: %s', async role => {
    const world = await openWorld('Public', role, network === 'online')
    const found: string[] = []
    for (const [call, title, argument] of illShaped)
      found.push(`${call} with ${title}: ${await world.outcomeOf(call, argument)}`)
    expect(found).toEqual(
      illShaped.map(([call, title, , code]) => `${call} with ${title}: ${code}`)
    )
    void world.end()
  })

  test.each(roles)('arguments beyond a limit are refused, with no event: %s', async role => {
    const world = await openWorld('Public', role, network === 'online')
    const found: string[] = []
    for (const [call, title, argument] of beyondLimit)
      found.push(`${call} with ${title}: ${await world.outcomeOf(call, argument)}`)
    const expected = beyondLimit.map(([call, title, , code]) => {
      const row = operations[call]?.[0]
      const device = row && cellOf(row, 'Public', role).device
      return `${call} with ${title}: ${typeof device === 'number' ? device : code}`
    })
    expect(found).toEqual(expected)
    void world.end()
  })
})
