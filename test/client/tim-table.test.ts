/**
 * Every group call by every kind of user, in a group of every type, with and without a network: the
 * answer, the events and their order. Which user may do what comes from the permission matrix of
 * `test/kernel`. A call that is not in these tables does not compile.
 */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { OperationName } from '../../src/kernel/decide.ts'
import type { GroupCalls } from '../../src/tim/api.ts'
import { cells, type Actor, type Cell } from '../kernel/matrix.ts'
import { beyondLimit, callNames, greatest, illShaped, type Refused } from './call-arguments.ts'
import {
  networks,
  openWorld,
  users,
  worldTypes,
  type Network,
  type Place,
  type Role,
  type WorldType
} from './table-world.ts'

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterAll(() => void vi.useRealTimers())

const roles = Object.keys(users) as Role[]

type Call = keyof GroupCalls
type Operation = Exclude<OperationName, 'joinGroup'>
type Events = Readonly<Record<Network, string>>

/** Every counter has an event. */
const counted = `${'counter '.repeat(20)}ok`

/**
 * By operation: its row of the matrix, and the events around the answer of an accepted call. `/` is
 * the return of the network. A tip comes from the server, so offline it comes after that.
 *
 * - `list`: the group appears, disappears, or has another profile.
 * - A change of members alone has a tip and no `list`. A name card and the own settings have none.
 * - Notices 5, 6 and 8 go to the user who dismissed, created or quit.
 */
const operations: Readonly<Record<Operation, readonly [row: string, events: Events]>> = {
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
  addGroupMember: ['addGroupMember', { online: 'tip1 ok', offline: 'ok / tip1' }],
  deleteGroupMember: ['deleteGroupMember', { online: 'ok tip3', offline: 'ok / tip3' }],
  setGroupMemberMuteTime: [
    'setGroupMemberMuteTime of 600',
    { online: 'ok tip7', offline: 'ok / tip7' }
  ],
  setGroupMemberRole: ['setGroupMemberRole to Admin', { online: 'ok tip4', offline: 'ok / tip4' }],
  setGroupMemberNameCard: ['setGroupMemberNameCard', { online: 'ok', offline: 'ok' }],
  setGroupMemberCustomField: ['setGroupMemberCustomField', { online: 'ok', offline: 'ok' }],
  markGroupMemberList: ['markGroupMemberList', { online: 'ok', offline: 'ok' }],
  initGroupAttributes: [
    'initGroupAttributes',
    { online: 'attributes ok', offline: 'attributes ok' }
  ],
  setGroupAttributes: ['setGroupAttributes', { online: 'attributes ok', offline: 'attributes ok' }],
  deleteGroupAttributes: [
    'deleteGroupAttributes',
    { online: 'attributes ok', offline: 'attributes ok' }
  ],
  setGroupCounters: ['setGroupCounters', { online: counted, offline: counted }],
  increaseGroupCounter: ['increaseGroupCounter', { online: 'counter ok', offline: 'counter ok' }],
  decreaseGroupCounter: ['decreaseGroupCounter', { online: 'counter ok', offline: 'counter ok' }]
}

/**
 * The owner of an AVChatRoom has to join it, and only then it is on the list. A device holds no
 * other members of it, so the server decides on a mute, and its tip comes first.
 */
const operationsOfAVChatRoom: Readonly<Partial<Record<Operation, Events>>> = {
  createGroup: { online: 'notice6 ok', offline: 'ok / notice6' },
  setGroupMemberMuteTime: { online: 'tip7 ok', offline: '4512 / tip7' },
  markGroupMemberList: { online: 'ok', offline: 'ok' }
}

const actorOf: Readonly<Record<Role, Actor>> = {
  stranger: 'outsider',
  member: 'member',
  admin: 'admin',
  owner: 'owner',
  app: 'app'
}

function cellOf(operation: Operation, world: WorldType, role: Role): Cell {
  const [row] = operations[operation]
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
function outcomeOf(operation: Operation, { type, role, network }: Place): string {
  const { device, server } = cellOf(operation, type, role)
  const inRoom = type === 'AVChatRoom' ? operationsOfAVChatRoom[operation] : undefined
  const events = (inRoom ?? operations[operation][1])[network]
  if (device === 'accepted' || (inRoom && server === 'accepted' && role !== 'app')) return events
  if (device !== 'undecided') return String(device)
  if (network === 'online') return server === 'accepted' ? 'ok' : String(server)
  return server === 'accepted' ? '4512' : `4512 / error${server}`
}

/** A stranger, a member, an admin, the owner, an app admin outside the group. */
type ByRole = readonly [stranger: string, member: string, admin: string, owner: string, app: string]

/** Private groups are joined by invitation. A Public one of this world needs permission. */
const joining: Readonly<Record<WorldType, string>> = {
  Private: '10007',
  Public: 'WaitAdminApproval',
  ChatRoom: 'list tip1 attributes counter JoinedSuccess',
  AVChatRoom: 'list tip1 attributes counter JoinedSuccess'
}

/** `joinGroup`, and the calls that change nothing. They answer with the length of a list. */
function others(type: WorldType, network: Network): Record<Exclude<Call, Operation>, ByRole> {
  /** The server answers about groups that the user is not in. */
  const asked = (online: string) => (network === 'online' ? online : '2805')
  /** Only members see a Private group, and nobody finds it. */
  const isHidden = type === 'Private'
  const found = asked(isHidden ? '10007' : 'ok')
  const applications = type === 'Public' ? '1' : '0'
  // Members have a notice of the group's creation or of their invitation, but nobody is invited to
  // an AVChatRoom. A Public group adds one of the application.
  const notices = type === 'Public' ? '2' : '1'
  const invitations = type === 'AVChatRoom' ? '0' : '1'
  const adminNotices = type === 'Public' ? '2' : invitations
  // Of an AVChatRoom, devices hold only their own row. The list of users begins with the owner's ID.
  const isHeld = type !== 'AVChatRoom' || network === 'online'
  const [members, profiles, ownProfile] = isHeld ? ['4', '2', '2'] : ['1', '0', '1']
  return {
    joinGroup: [
      asked(joining[type]),
      'AlreadyInGroup',
      'AlreadyInGroup',
      'AlreadyInGroup',
      asked(joining[type])
    ],
    getGroupList: ['0', '1', '1', '1', '0'],
    getGroupProfile: [found, 'ok', 'ok', 'ok', asked('ok')],
    searchGroupByID: [found, found, found, found, found],
    getGroupMemberList: [asked('10007'), members, members, members, asked('4')],
    getGroupMemberProfile: [asked('10007'), profiles, profiles, ownProfile, asked('2')],
    getGroupApplicationList: ['0', '0', applications, applications, '0'],
    getMessageList: ['0', invitations, adminNotices, notices, '0'],
    getGroupAttributes: [asked('10007'), 'ok', 'ok', 'ok', asked('ok')],
    getGroupCounters: [asked('10007'), 'ok', 'ok', 'ok', asked('ok')]
  }
}

/** A new group has the type of the world. An AVChatRoom starts without members or a limit. */
function argumentOf(call: Call, type: WorldType): unknown {
  if (call !== 'createGroup') return greatest[call]
  const inRoom = { maxMemberNum: undefined, memberList: undefined }
  return { ...Object(greatest[call]), type, ...(type === 'AVChatRoom' && inRoom) }
}

const isOperation = (call: Call): call is Operation => Object.hasOwn(operations, call)

/** A refusal is one code. 4512 is none: the operation is pending. */
const isChange = (call: Call, outcome: string): boolean =>
  (isOperation(call) || call === 'joinGroup') &&
  !/^(\d+|AlreadyInGroup)$/.test(outcome.replace('4512', 'pending'))

describe.each(worldTypes.flatMap(type => networks.map(network => ({ type, network }))))(
  'in a $type group $network',
  ({ type, network }) => {
    test.each(roles)('every call answers the user: %s', async role => {
      const place = { type, role, network }
      const answers = others(type, network)
      const expected = callNames.map((call): [Call, string] => [
        call,
        isOperation(call) ? outcomeOf(call, place) : answers[call][roles.indexOf(role)]!
      ])
      const found: [Call, string][] = []
      // Reads and refusals change nothing, so they share a world.
      const shared = await openWorld(place)
      for (const [call, outcome] of expected) {
        const changes = isChange(call, outcome)
        const world = changes ? await openWorld(place) : shared
        await world.ask(call, argumentOf(call, type))
        const before = await world.events()
        const after = changes && network === 'offline' ? await world.reconnect() : ''
        found.push([call, after === '' ? before : `${before} / ${after}`])
        if (changes) void world.end()
      }
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
      if (network === 'offline') expect(await shared.reconnect()).toBe('')
      void shared.end()
    })
  }
)

const places = networks.flatMap(network =>
  roles.map((role): Place => ({ type: 'Public', network, role }))
)

/** The codes come in the order of the calls, and no event comes before, between or after them. */
async function expectRefusals(place: Place, refused: readonly Refused[], codes: readonly number[]) {
  const world = await openWorld(place)
  const answers: string[] = []
  for (const [call, title, argument] of refused)
    answers.push(`${call} with ${title}: ${await world.ask(call, argument)}`)
  expect(answers).toEqual(
    refused.map(([call, title], index) => `${call} with ${title}: ${codes[index]}`)
  )
  expect(await world.events()).toBe(codes.join(' '))
  if (place.network === 'offline') expect(await world.reconnect()).toBe('')
  void world.end()
}

test.each(places)('arguments of a wrong shape are refused $network: $role', async place => {
  await expectRefusals(
    place,
    illShaped,
    illShaped.map(([, , , code]) => code)
  )
})

test.each(places)('arguments beyond a limit are refused $network: $role', async place => {
  const codes = beyondLimit.map(([call, , , code]) => {
    const device = isOperation(call) && cellOf(call, place.type, place.role).device
    return typeof device === 'number' ? device : code
  })
  await expectRefusals(place, beyondLimit, codes)
})
