/**
 * Clients and servers that decide alike share a `kernelVersion`. This test asks for a new one when
 * decisions change. It judges every operation in generated groups and compares a digest of the
 * answers, by operation, with the digest of the current version. Words of errors do not count.
 */

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { kernelVersion, type Args, type OperationName } from '../../src/kernel/decide.ts'
import type { Decision } from '../../src/kernel/decision.ts'
import { errors } from '../../src/kernel/errors.ts'
import {
  defaultPolicy,
  limits,
  maxMemberNumDefault,
  maxMemberNumMax,
  type Policy
} from '../../src/kernel/limits.ts'
import {
  applicationKey,
  entriesKey,
  groupTypes,
  joinOptions,
  memberKey,
  newMember,
  putApplication,
  putBan,
  putGroup,
  putMarks,
  putMember,
  putMute,
  putSettings,
  type Change
} from '../../src/kernel/model.ts'
import { must } from '../../src/kernel/must.ts'
import { operations } from '../../src/kernel/operations/index.ts'
import { permissions } from '../../src/kernel/permissions.ts'
import { targetPermissions } from '../../src/kernel/target-permissions.ts'
import { createWorld, group, judge, type World } from './world.ts'

/** Digests of the decisions of the current version. */
const recorded: {
  readonly version: number
  readonly digests: Record<OperationName | 'tables', string>
} = {
  version: 6,
  digests: {
    addGroupMember: 'fa2085d769e3',
    changeGroupOwner: 'a84951291d7c',
    createGroup: '7df592584bcf',
    decreaseGroupCounter: '50c23dada335',
    deleteGroupAttributes: 'd2157d3c4ec5',
    deleteGroupMember: 'c492e736550d',
    dismissGroup: '7ac40a7bc985',
    handleGroupApplication: '56d7ce6e3ddf',
    increaseGroupCounter: '0532655099aa',
    initGroupAttributes: '421f6a673f46',
    joinGroup: '787c9a3a8708',
    markGroupMemberList: '8c16c3f8f047',
    quitGroup: '75a60ee4cb57',
    setGroupAttributes: '0c157820b825',
    setGroupCounters: 'ed6d510c2fef',
    setGroupMemberCustomField: '6693c9eaeaa8',
    setGroupMemberMuteTime: '555a62592ae9',
    setGroupMemberNameCard: '469795c03d3a',
    setGroupMemberRole: 'cccf3884467b',
    setMessageRemindType: 'bd9c5c3e9766',
    tables: '144f56ad94f4',
    updateGroupProfile: '2b218f1e4436'
  }
}

const instruction = `Decisions differ from version ${recorded.version}, or there is a new operation.
Intended? Raise kernelVersion in src/kernel/decide.ts to ${recorded.version + 1}, and copy version
and digests below into \`recorded\` in this file. Otherwise a rule has changed by mistake.`

const users = ['owner', 'admin', 'member', 'guest', 'stranger', 'app', 'appMember'] as const
type ArgumentName = { [N in OperationName]: keyof Args<N> }[OperationName]
type Random = (below: number) => number
type Values = { readonly usual: readonly unknown[]; readonly others: readonly unknown[] }

const text = (bytes: number) => 'x'.repeat(bytes)
const field = (key: string, value: string) => ({ key, value })
const counter = (key: string, value: number) => ({ key, value })
const fields = (count: number) =>
  Array.from({ length: count }, (_, index) => field(`key${index}`, 'x'))
const userID: Values = { usual: users, others: ['', text(32), text(33)] }
const userIDList: Values = {
  usual: users.map(user => [user]),
  others: [
    ['stranger', 'guest'],
    ['member', 'stranger', 'member'],
    Array.from({ length: 500 }, (_, index) => `user${index}`),
    Array.from({ length: 501 }, (_, index) => `user${index}`),
    []
  ]
}
const customField: Values = {
  usual: [[field('level', 'high')], [field('level', '')]],
  others: [
    [],
    [field('other', 'x')],
    [field(text(32), text(64))],
    [field(text(33), text(64))],
    [field('level', text(65))],
    [field('level', text(512))],
    [field('level', text(513))],
    ...[4, 5, 6, 19, 20, 21].map(fields)
  ]
}
const initialMembers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ userID: `user${index}` }))

/** The numbers are not the kernel's own, so that a changed limit changes a decision. */
const values: Readonly<Record<ArgumentName, Values>> = {
  groupID: { usual: ['g'], others: ['other', '', text(48), text(49), '@TGS#mine'] },
  name: { usual: ['Crew', 'Boat'], others: ['', text(30), text(31), '\u2800', 'two\nlines'] },
  type: { usual: groupTypes, others: ['Meeting'] },
  introduction: { usual: ['about', ''], others: [text(240), text(241)] },
  notification: { usual: ['news', ''], others: [text(300), text(301)] },
  avatar: { usual: ['https://example.org/a.png', ''], others: ['data:,', text(100), text(101)] },
  maxMemberNum: {
    usual: [4, 5, 200],
    others: [0, 1, 3, 201, 2000, 2001, 6000, 6001, 4_294_967_295, 4_294_967_296]
  },
  joinOption: { usual: joinOptions, others: ['Never'] },
  muteAllMembers: { usual: [true, false], others: ['yes'] },
  memberList: {
    usual: [[], [{ userID: 'guest' }], [{ userID: 'guest', role: 'Admin' }, { userID: 'owner' }]],
    others: [
      [{ userID: 'guest', role: 'Owner' }],
      [{ userID: 'guest', memberCustomField: [field('level', 'high')] }],
      initialMembers(500),
      initialMembers(501)
    ]
  },
  groupCustomField: customField,
  memberCustomField: customField,
  applyMessage: { usual: ['please', ''], others: [text(300), text(301)] },
  newOwnerID: userID,
  userID,
  applicationSeq: { usual: [7], others: [0, 8, -1] },
  handleAction: { usual: ['Agree', 'Reject'], others: ['Ask'] },
  handleMessage: { usual: ['welcome', ''], others: [text(300), text(301)] },
  messageRemindType: {
    usual: ['AcceptAndNotify', 'Discard'],
    others: ['AcceptNotNotify', 'Never']
  },
  userIDList,
  reason: { usual: ['too loud', ''], others: [text(300), text(301)] },
  duration: { usual: [0, 600], others: [4_294_967_295, 4_294_967_296, -1, 0.5] },
  muteTime: { usual: [0, 600], others: [4_294_967_295, 4_294_967_296, -1, 0.5] },
  role: { usual: ['Admin', 'Member'], others: ['Owner', ''] },
  nameCard: { usual: ['Skipper', ''], others: [text(50), text(51), '\u2800'] },
  groupAttributes: {
    usual: [[field('seat', 'ann')], [field('light', '')]],
    others: [
      [],
      [field('', 'x')],
      [field(text(32), text(4096))],
      [field(text(33), 'x')],
      [field('seat', text(4097))],
      ...[15, 16, 17].map(fields),
      Array.from({ length: 4 }, (_, index) => field(`k${index}`, text(4094))),
      Array.from({ length: 4 }, (_, index) => field(`k${index}`, text(4095)))
    ]
  },
  keyList: { usual: [['seat'], ['light'], []], others: [[''], [text(32)], [text(33)]] },
  counters: {
    usual: [[counter('likes', 3)], [counter('views', -1)]],
    others: [
      [],
      [counter('', 1)],
      [counter(text(128), 1)],
      [counter(text(129), 1)],
      [counter('likes', 0.5)],
      [counter('likes', 2 ** 53)],
      ...[19, 20, 21].map(count =>
        Array.from({ length: count }, (_, index) => counter(`key${index}`, 1))
      )
    ]
  },
  markType: { usual: [1000, 1001], others: [999, 1000.5, '1000', 4_294_967_295, 4_294_967_296] },
  enableMark: { usual: [true, false], others: ['yes'] },
  key: { usual: ['likes', 'views'], others: ['', text(128), text(129)] },
  value: { usual: [1, -1], others: [0.5, '1', 2 ** 53 - 2, 2 ** 53 - 1, 2 ** 53] }
}

const policies: readonly Policy[] = [
  defaultPolicy,
  { ...defaultPolicy, adminsCanKick: true },
  { ...defaultPolicy, groupsPerUserMax: 5 },
  {
    ...defaultPolicy,
    customFields: {
      group: [{ key: 'level', write: 'Admin' }],
      member: groupTypes.map(type => ({ type, key: 'level', write: 'Owner', ownWrite: true }))
    }
  }
]

function worldOf(type: (typeof groupTypes)[number], random: Random): World {
  const pick = <T>(from: readonly T[]): T => must(from[random(from.length)])
  const members = ['owner', 'admin', 'member', 'appMember'].filter(
    user => (user !== 'owner' || random(4) > 0) && (user !== 'admin' || random(4) > 0)
  )
  const profile = group({
    type,
    ownerID: pick(['owner', 'owner', 'owner', '']),
    memberNum: pick([members.length, 1]),
    maxMemberNum: pick([4, 5, 200]),
    joinOption: pick(joinOptions),
    muteAllMembers: random(2) === 0,
    groupCustomField: fields(pick([0, 1, 19, 20]))
  })
  const roles: Readonly<Record<string, 'Owner' | 'Admin'>> = { owner: 'Owner', admin: 'Admin' }
  const changes: Change[] = [
    putGroup(profile),
    ...members.map(userID =>
      putMember({
        ...newMember({ groupID: 'g', userID, role: roles[userID] ?? 'Member', joinTime: 1000 }),
        muteUntil: pick([0, 5000]),
        memberCustomField: fields(pick([0, 1, 5]))
      })
    ),
    putApplication({
      groupID: 'g',
      userID: pick(['guest', 'guest', 'member']),
      seq: 7,
      applyMessage: 'please',
      applyTime: 1500,
      state: pick(['pending', 'pending', 'agreed']),
      handlerID: '',
      handleMessage: ''
    }),
    putMute({ groupID: 'g', userID: 'guest', muteUntil: pick([1999, 2001]) }),
    putBan({ groupID: 'g', userID: 'guest', until: type === 'AVChatRoom' ? 2001 : 2000 }),
    putSettings({ groupID: 'g', userID: 'member', messageRemindType: 'Discard' }),
    // Ten marks, so an eleventh is refused.
    putMarks({
      groupID: 'g',
      marks: [1000, ...Array.from({ length: 9 }, (_, index) => 2000 + index)].map(markType => ({
        markType,
        userIDList: ['member', 'user0']
      }))
    }),
    { ...entriesKey('attributes', 'g'), row: { groupID: 'g', entries: [field('seat', 'bob')] } },
    { ...entriesKey('counters', 'g'), row: { groupID: 'g', entries: [counter('likes', 5)] } }
  ]
  const world = createWorld(random(20) > 0 ? changes : [])
  for (const user of users) world.setGroupCount(user, pick([0, 4, 5, 3000]))
  if (random(10) === 0) world.hide(memberKey({ groupID: 'g', userID: pick(users) }))
  if (random(20) === 0) world.hide(applicationKey({ groupID: 'g', userID: 'guest' }))
  return world
}

/** 100 cases for every type of group and every actor. */
function decisionsOn(operation: OperationName): unknown[] {
  const random = randomFrom(operation)
  const argumentNames = Object.keys(operations[operation].args).sort() as ArgumentName[]
  return Array.from({ length: 100 }, () => groupTypes)
    .flat()
    .flatMap(type =>
      users.map(actor => {
        const world = worldOf(type, random)
        const share = random(3) > 0 ? 7 : 1
        const args = Object.fromEntries(
          argumentNames
            .filter(name => name === 'groupID' || random(8) < share)
            .map(name => [name, valueOf(name, random)])
        )
        const policy = must(policies[random(policies.length)])
        const isAppAdmin = actor.startsWith('app')
        return judge(world, operation, args, { actor, isAppAdmin, policy, seq: 9 })
      })
    )
    .map(withoutWords)
}

function valueOf(name: ArgumentName, random: Random): unknown {
  const { usual, others } = values[name]
  const from = random(8) > 0 ? usual : others
  return from[random(from.length)]
}

const withoutWords = (decision: Decision): unknown =>
  decision.kind === 'reject' ? [decision.error.code, decision.error.reason] : decision

/** The same sequence of numbers in every run (xorshift). */
function randomFrom(name: string): Random {
  let state = createHash('sha256').update(name).digest().readInt32LE()
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** Sorts the fields of an object: their order does not count. */
const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

const digestOf = (value: unknown) =>
  createHash('sha256').update(JSON.stringify(value, sorted)).digest('hex').slice(0, 12)

// The table of operations has exactly these names.
const names = Object.keys(operations) as OperationName[]

/** Few generated cases reach some cells, so the tables count themselves. */
const tables = {
  permissions,
  targetPermissions,
  errors,
  limits,
  maxMemberNumDefault,
  maxMemberNumMax,
  defaultPolicy
}

test('the kernel version rises when a decision changes', () => {
  const digests = {
    ...Object.fromEntries(names.map(name => [name, digestOf(decisionsOn(name))])),
    tables: digestOf(tables)
  }
  expect({ version: kernelVersion, digests }, instruction).toEqual(recorded)
})

test.each(names)('the decisions on %s cover acceptance and refusal', name => {
  const decisions = decisionsOn(name)
  const reasons = new Set(decisions.map(decision => (Array.isArray(decision) ? decision[1] : 'ok')))
  expect(reasons.has('ok')).toBe(true)
  expect(reasons.size).toBeGreaterThan(2)
})
