/**
 * Group calls of Tencent's SDK 2.27.6, on a service in this process, and the same calls here: the
 * answers, the codes, the order of events, and the shapes of the data.
 */

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { GroupCalls } from '../../src/tim/api.ts'
import { openSdk } from './sdk-page.ts'
import { openWorld, users, type Role, type WorldType } from './table-world.ts'
import { createService } from './tencent-service.ts'

beforeAll(() => {
  for (const name of ['log', 'warn', 'error'] as const)
    vi.spyOn(console, name).mockImplementation(() => undefined)
})
afterEach(() => void vi.useRealTimers())
afterAll(() => void vi.restoreAllMocks())

const groupID = 'crew'
const application = { payload: { operatorID: 'eve', groupProfile: { groupID } } }
const crew = { groupID: 'new', name: 'Boat' }
const invited = { ...crew, memberList: [{ userID: 'dan' }] }

/** The words of both, or those of the SDK and those here. The code is one of Tencent's service. */
type Row = readonly [
  call: keyof GroupCalls,
  type: WorldType,
  role: Role,
  argument: unknown,
  words: string | readonly [there: string, here: string],
  code?: number
]

/**
 * Reasons of differences in order:
 *
 * - The SDK reports the list again around a tip, because its groups have the number of the last
 *   message. Here a tip alone changes no group of the list.
 * - Here the tip or notice of a call that waits for the server comes with its verdict.
 * - Here a change is on the list at once. After a refusal the list is as before.
 * - Here `getGroupList` only reads. Attributes and counters come with the group.
 */
const rows: readonly Row[] = [
  [
    'createGroup',
    'Private',
    'stranger',
    { ...invited, type: 'Private' },
    ['list ok notice6 list', 'list notice6 ok']
  ],
  [
    'createGroup',
    'Public',
    'stranger',
    { ...crew, type: 'AVChatRoom' },
    ['ok notice6', 'notice6 ok']
  ],
  ['createGroup', 'Public', 'stranger', { ...crew, type: 'Fleet' }, '2600'],
  [
    'createGroup',
    'Public',
    'stranger',
    { ...crew, groupID, type: 'Public' },
    ['10021', 'list list 10021'],
    10021
  ],
  ['getGroupList', 'Public', 'owner', {}, ['list ok', 'ok']],
  ['getGroupProfile', 'Public', 'owner', { groupID }, 'ok'],
  ['getGroupProfile', 'Public', 'stranger', { groupID: 'nowhere' }, '10010'],
  ['searchGroupByID', 'Public', 'stranger', groupID, 'ok'],
  ['searchGroupByID', 'Public', 'stranger', 'nowhere', '10010'],
  ['joinGroup', 'Public', 'stranger', { groupID, applyMessage: 'please' }, 'WaitAdminApproval'],
  ['joinGroup', 'Public', 'member', { groupID }, 'AlreadyInGroup'],
  ['joinGroup', 'Private', 'stranger', { groupID, type: 'Private' }, '2601'],
  [
    'joinGroup',
    'ChatRoom',
    'stranger',
    { groupID },
    ['list JoinedSuccess tip1 list', 'list tip1 attributes counter JoinedSuccess']
  ],
  ['quitGroup', 'Public', 'member', groupID, 'list ok notice8'],
  ['quitGroup', 'Public', 'stranger', groupID, '2623'],
  ['quitGroup', 'Public', 'owner', groupID, '10009', 10009],
  ['dismissGroup', 'Public', 'owner', groupID, 'list ok notice5'],
  ['dismissGroup', 'Private', 'owner', groupID, '2622'],
  ['dismissGroup', 'Public', 'member', groupID, '10007', 10007],
  [
    'updateGroupProfile',
    'Public',
    'owner',
    { groupID, notification: 'Ahoy' },
    ['ok list tip6 list', 'list ok tip6']
  ],
  ['updateGroupProfile', 'Public', 'member', { groupID, notification: 'Ahoy' }, '10007', 10007],
  [
    'changeGroupOwner',
    'Public',
    'owner',
    { groupID, newOwnerID: 'dan' },
    ['list ok tip6 list', 'list ok tip6']
  ],
  ['changeGroupOwner', 'Public', 'owner', { groupID, newOwnerID: 'ann' }, '2621'],
  ['changeGroupOwner', 'AVChatRoom', 'owner', { groupID, newOwnerID: 'dan' }, '2620'],
  [
    'handleGroupApplication',
    'Public',
    'owner',
    { handleAction: 'Agree', message: application },
    ['ok list tip1', 'ok tip1']
  ],
  [
    'handleGroupApplication',
    'Public',
    'owner',
    { handleAction: 'Reject', message: application },
    'ok'
  ],
  ['getGroupApplicationList', 'Public', 'owner', undefined, 'ok'],
  ['setMessageRemindType', 'Public', 'owner', { groupID, messageRemindType: 'Discard' }, 'ok'],
  ['getGroupMemberList', 'Public', 'owner', { groupID }, 'ok'],
  ['getGroupMemberProfile', 'Public', 'owner', { groupID, userIDList: ['dan'] }, 'ok'],
  [
    'addGroupMember',
    'Private',
    'owner',
    { groupID, userIDList: ['fay'] },
    ['ok list tip1', 'tip1 ok']
  ],
  ['addGroupMember', 'AVChatRoom', 'owner', { groupID, userIDList: ['fay'] }, '2661'],
  [
    'deleteGroupMember',
    'Public',
    'owner',
    { groupID, userIDList: ['dan'] },
    ['ok list tip3', 'ok tip3']
  ],
  ['deleteGroupMember', 'Public', 'member', { groupID, userIDList: ['dan'] }, '10007', 10007],
  [
    'setGroupMemberMuteTime',
    'Public',
    'owner',
    { groupID, userID: 'dan', muteTime: 60 },
    ['ok list tip7', 'ok tip7']
  ],
  ['setGroupMemberMuteTime', 'Public', 'owner', { groupID, userID: 'ann', muteTime: 60 }, '2685'],
  [
    'setGroupMemberRole',
    'Public',
    'owner',
    { groupID, userID: 'dan', role: 'Admin' },
    ['ok list tip4', 'ok tip4']
  ],
  ['setGroupMemberRole', 'Public', 'owner', { groupID, userID: 'dan', role: 'Owner' }, '2683'],
  ['setGroupMemberRole', 'Public', 'owner', { groupID, userID: 'ann', role: 'Admin' }, '2684'],
  ['setGroupMemberRole', 'Public', 'member', { groupID, userID: 'dan', role: 'Admin' }, '2681'],
  ['setGroupMemberRole', 'Private', 'owner', { groupID, userID: 'dan', role: 'Admin' }, '2682'],
  ['setGroupMemberNameCard', 'Public', 'owner', { groupID, nameCard: 'Ann' }, 'ok'],
  [
    'setGroupMemberCustomField',
    'Public',
    'owner',
    { groupID, memberCustomField: [{ key: 'city', value: 'Oslo' }] },
    'ok'
  ]
]

/** Several turns of the event loop: the service answers in the next turn. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise(resolve => setImmediate(resolve))
}

type Seen = { readonly words: string; readonly data: unknown }
const fake = (toFake: ('setTimeout' | 'clearTimeout' | 'Date')[]) =>
  void vi.useFakeTimers({ toFake })

/** The SDK holds back a second list within a second, so time is virtual. */
async function openThere(type: WorldType, role: Role) {
  const service = createService(users[role], type)
  const sdk = await openSdk({ serve: service.serve, userID: users[role] })
  fake(['setTimeout', 'clearTimeout', 'Date'])
  const seen: string[] = []
  sdk.on('onGroupListUpdated', () => seen.push('list'))
  sdk.on('error', ({ data }) => seen.push(`error${Object(data).code}`))
  sdk.on('onMessageReceived', ({ data }) => {
    for (const message of data as {
      isSystemMessage: boolean
      payload: { operationType: number }
    }[])
      seen.push(`${message.isSystemMessage ? 'notice' : 'tip'}${message.payload.operationType}`)
  })
  const pass = async () => {
    await turns()
    for (const push of service.pushed()) {
      sdk.push(push)
      await turns()
    }
    await vi.advanceTimersByTimeAsync(3000)
    await turns()
  }
  // Nobody is in an AVChatRoom after a login.
  if (type === 'AVChatRoom' && role !== 'stranger') await sdk['joinGroup']!({ groupID })
  await pass()
  seen.length = 0
  return {
    sdk,
    service,
    seen,
    async events(): Promise<string> {
      await pass()
      return seen.splice(0).join(' ')
    },
    async close(): Promise<void> {
      vi.useRealTimers()
      await sdk['destroy']!()
    }
  }
}

const wordOf = (data: unknown): string => String(Object(data).status ?? 'ok')

async function callThere([call, type, role, argument, , code]: Row): Promise<Seen> {
  const { sdk, service, seen, events, close } = await openThere(type, role)
  if (code) service.refuse(code)
  let data: unknown
  void (sdk[call]!(structuredClone(argument)) as Promise<{ data: unknown }>).then(
    answer => {
      data = answer.data
      seen.push(wordOf(data))
    },
    (error: { code: number }) => seen.push(String(error.code))
  )
  const words = await events()
  await close()
  return { words, data }
}

async function callHere([call, type, role, argument]: Row): Promise<Seen> {
  fake(['setTimeout', 'clearTimeout'])
  const world = await openWorld({ type, role, network: 'online' })
  const answer = await world.ask(call, structuredClone(argument))
  const data = world.data()
  // The world of the table counts lists. Here one word is enough.
  const words = (await world.events())
    .split(' ')
    .map(word => (data && word === answer ? wordOf(data) : word))
  void world.end()
  vi.useRealTimers()
  return { words: words.join(' '), data }
}

type ServicePushes = Pick<ReturnType<typeof createService>, 'tip' | 'notice' | 'join'>
type World = Awaited<ReturnType<typeof openWorld>>

/**
 * Changes by other users: the push of Tencent's service, the operation here, and the words. The
 * service of this test pushes one event, while members here also get the tip of a notice. A user
 * who gets a group has it here before the notice. The SDK reads the group afterwards.
 */
const changes: readonly (readonly [
  title: string,
  type: WorldType,
  role: Role,
  push: (service: ServicePushes) => void,
  act: (world: World) => Promise<unknown>,
  words: string | readonly [there: string, here: string]
])[] = [
  [
    'a user who joins',
    'ChatRoom',
    'owner',
    ({ tip }) => tip(groupID, 1, { List_Account: ['dora'], MemberNum: 5 }, 'dora'),
    ({ act }) => act('dora', 'joinGroup'),
    ['list tip1', 'tip1']
  ],
  [
    'a member who quits',
    'ChatRoom',
    'owner',
    ({ tip }) => tip(groupID, 2, { List_Account: ['dan'], MemberNum: 3 }, 'dan'),
    ({ act }) => act('dan', 'quitGroup'),
    ['list tip2', 'tip2']
  ],
  [
    'a member whom the owner removes',
    'Public',
    'member',
    ({ tip }) => tip(groupID, 3, { List_Account: ['dan'], MemberNum: 3 }, 'ann'),
    ({ act }) => act('ann', 'deleteGroupMember', { userIDList: ['dan'] }),
    ['list tip3', 'tip3']
  ],
  [
    'a new profile',
    'Public',
    'member',
    ({ tip }) => tip(groupID, 6, { MsgGroupNewInfo: { GroupName: 'Boat' } }, 'ann'),
    ({ act }) => act('ann', 'updateGroupProfile', { name: 'Boat' }),
    ['list tip6 list', 'list tip6']
  ],
  [
    'a mute of a member',
    'Public',
    'owner',
    ({ tip }) =>
      tip(groupID, 7, { MsgMemberInfo: [{ User_Account: 'dan', ShutupTime: 60 }] }, 'bob'),
    ({ act }) => act('bob', 'setGroupMemberMuteTime', { userID: 'dan', muteTime: 60 }),
    ['list tip7', 'tip7']
  ],
  [
    'an application',
    'Public',
    'owner',
    ({ notice }) => notice(groupID, 1, { RemarkInfo: 'please', MsgKey: 5 }, 'dora'),
    ({ act }) => act('dora', 'joinGroup', { applyMessage: 'please' }),
    'notice1'
  ],
  [
    'an approved application',
    'Public',
    'stranger',
    ({ join, notice }) => {
      join()
      notice(groupID, 2, {}, 'ann')
    },
    async ({ act }) => {
      await act('dora', 'joinGroup', { applyMessage: 'please' })
      await act('ann', 'handleGroupApplication', { userID: 'dora', handleAction: 'Agree' })
    },
    ['notice2 list', 'list notice2 tip1 attributes counter']
  ],
  [
    'a refused application',
    'Public',
    'stranger',
    ({ notice }) => notice(groupID, 3, { RemarkInfo: 'no' }, 'ann'),
    async ({ act }) => {
      await act('dora', 'joinGroup', { applyMessage: 'please' })
      await act('ann', 'handleGroupApplication', { userID: 'dora', handleAction: 'Reject' })
    },
    'notice3'
  ],
  [
    'an invitation',
    'Private',
    'stranger',
    ({ join, notice }) => {
      join()
      notice(groupID, 7, {}, 'ann')
    },
    ({ act }) => act('ann', 'addGroupMember', { userIDList: ['dora'] }),
    ['notice7 list', 'list notice7 tip1 attributes counter']
  ],
  [
    'the removal of the user',
    'Public',
    'member',
    ({ notice }) => notice(groupID, 4, { RemarkInfo: 'rules' }, 'ann'),
    ({ act }) => act('ann', 'deleteGroupMember', { userIDList: ['carl'], reason: 'rules' }),
    'list notice4'
  ],
  [
    'the end of the group',
    'Public',
    'member',
    ({ notice }) => notice(groupID, 5, {}, 'ann'),
    ({ act }) => act('ann', 'dismissGroup'),
    'list notice5'
  ],
  [
    'the promotion of the user',
    'Public',
    'member',
    ({ notice }) => notice(groupID, 9, {}, 'ann'),
    ({ act }) => act('ann', 'setGroupMemberRole', { userID: 'carl', role: 'Admin' }),
    ['notice9', 'notice9 tip4']
  ]
]

/** By path, the type of each value. The SDK leaves many values empty until it knows them. */
function shapeOf(value: unknown, path = ''): [path: string, type: string][] {
  if (value === undefined || value === '') return []
  if (Array.isArray(value)) return [[path, 'list'], ...shapeOf(value[0], `${path}[]`)]
  if (typeof value !== 'object' || value === null) return [[path, typeof value]]
  return Object.entries(value)
    .filter(([key]) => !key.startsWith('_'))
    .flatMap(([key, each]) => shapeOf(each, path ? `${path}.${key}` : key))
}

function missing(there: unknown, here: unknown): string[] {
  const own = new Map(shapeOf(here))
  return shapeOf(there).flatMap(([path, type]) =>
    own.get(path) === type ? [] : `${path}: ${type}`
  )
}

/** Values of the SDK that are not here, or have another type. */
const notHere: readonly RegExp[] = [
  // There are no messages, so none is the last one and none is read.
  /lastMessage\./,
  /selfInfo.readedSequence/,
  // The SDK does not convert 'Off' in a group that it sees for the first time.
  /muteAllMembers: string/,
  // The SDK keeps the arguments of a new group on it.
  /group.memberList/,
  // The creator of an AVChatRoom has no settings before joining it.
  /selfInfo.messageRemindType/
]

const titled = rows.map(row => [...row.slice(0, 3), row] as [string, string, string, Row])

test.each(titled)('%s in a %s group by the %s is as in the SDK', async (...given) => {
  const [, , , row] = given
  const [there, here] = [await callThere(row), await callHere(row)]
  const [, , , , words] = row
  expect([there.words, here.words]).toEqual(typeof words === 'string' ? [words, words] : words)
  expect(
    missing(there.data, here.data).filter(path => !notHere.some(each => each.test(path)))
  ).toEqual([])
})

test.each(changes)('%s is reported as in the SDK', async (...change) => {
  const [, type, role, push, act, words] = change
  const { service, events, close } = await openThere(type, role)
  push(service)
  const there = await events()
  await close()
  fake(['setTimeout', 'clearTimeout'])
  const world = await openWorld({ type, role, network: 'online' })
  await act(world)
  const here = await world.events()
  void world.end()
  expect([there, here]).toEqual(typeof words === 'string' ? [words, words] : words)
})
