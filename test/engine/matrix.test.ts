/** Every cell of the permission matrix, decided by a device and by the authority. */

import { beforeAll, describe, expect, test } from 'vitest'
import { judge } from '../../src/server/authority/judge.ts'
import { submission } from '../../src/server/authority/submission.ts'
import { isGroupError } from '../../src/engine/api.ts'
import type { OperationName } from '../../src/kernel/decide.ts'
import { defaultPolicy } from '../../src/kernel/limits.ts'
import { must } from '../../src/kernel/must.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'
import {
  actors,
  cells,
  differences,
  targets,
  titleOf,
  worldNames,
  type Actor,
  type Answer,
  type Cell,
  type Target,
  type WorldName
} from '../kernel/matrix.ts'

const groupID = 'crew'
const appAdmins = ['app', 'appMember']

// ── the questions ───────────────────────────────────────────────────────────

type Args = Readonly<Record<string, unknown>>
type Call = { readonly name: OperationName; readonly args: Args }
type Asked = { readonly type: string; readonly userID: string; readonly isSelf: boolean }
type ArgsOf = (asked: Asked) => Args

const handle = (handleAction: string) => () => ({ groupID, userID: 'applicant', handleAction })
const setRole =
  (role: string): ArgsOf =>
  ({ userID }) => ({ groupID, userID, role })
const mute =
  (muteTime: number): ArgsOf =>
  ({ userID }) => ({ groupID, userID, muteTime })
const kick: ArgsOf = ({ userID }) => ({ groupID, userIDList: [userID] })

/** By operation: the cases that the matrix tells apart, with the arguments of each. */
const cases: Readonly<Record<OperationName, ArgsOf | Readonly<Record<string, ArgsOf>>>> = {
  createGroup: {
    'of a new ID': ({ type }) => ({ groupID: 'new', name: 'New', type }),
    'of a taken ID': ({ type }) => ({ groupID, name: 'New', type })
  },
  dismissGroup: () => ({ groupID }),
  updateGroupProfile: {
    name: () => ({ groupID, name: 'Boat' }),
    avatar: () => ({ groupID, avatar: 'https://example.org/a.png' }),
    introduction: () => ({ groupID, introduction: 'about' }),
    notification: () => ({ groupID, notification: 'news' }),
    joinOption: () => ({ groupID, joinOption: 'FreeAccess' }),
    maxMemberNum: () => ({ groupID, maxMemberNum: 100 }),
    groupCustomField: () => ({ groupID, groupCustomField: [{ key: 'level', value: 'high' }] }),
    muteAllMembers: () => ({ groupID, muteAllMembers: true })
  },
  joinGroup: {
    '': () => ({ groupID }),
    'given the type Private': () => ({ groupID, type: 'Private' })
  },
  quitGroup: () => ({ groupID }),
  handleGroupApplication: { Agree: handle('Agree'), Reject: handle('Reject') },
  setMessageRemindType: () => ({ groupID, messageRemindType: 'Discard' }),
  addGroupMember: ({ userID }) => ({ groupID, userIDList: [userID] }),
  deleteGroupMember: { '': kick, 'where admins can kick': kick },
  changeGroupOwner: ({ userID }) => ({ groupID, newOwnerID: userID }),
  setGroupMemberRole: {
    'to Admin': setRole('Admin'),
    'to Member': setRole('Member'),
    'to Owner': setRole('Owner')
  },
  setGroupMemberMuteTime: { 'of 600': mute(600), 'of 0': mute(0) },
  // An argument that names nobody means the caller.
  setGroupMemberNameCard: ({ userID, isSelf }) => ({
    groupID,
    ...(!isSelf && { userID }),
    nameCard: 'Card'
  }),
  setGroupMemberCustomField: ({ userID, isSelf }) => ({
    groupID,
    ...(!isSelf && { userID }),
    memberCustomField: [{ key: 'level', value: 'high' }]
  }),
  markGroupMemberList: () => ({
    groupID,
    userIDList: ['member2'],
    markType: 1000,
    enableMark: true
  }),
  initGroupAttributes: () => ({ groupID, groupAttributes: [{ key: 'seat', value: 'x' }] }),
  setGroupAttributes: () => ({ groupID, groupAttributes: [{ key: 'seat', value: 'x' }] }),
  deleteGroupAttributes: () => ({ groupID, keyList: [] }),
  setGroupCounters: () => ({ groupID, counters: [{ key: 'likes', value: 1 }] }),
  increaseGroupCounter: () => ({ groupID, key: 'likes', value: 1 }),
  decreaseGroupCounter: () => ({ groupID, key: 'likes', value: 1 })
}

/** The calls by their titles in the matrix. */
const calls: ReadonlyMap<string, (asked: Asked) => Call> = new Map(
  // The keys of the table are names of operations.
  (Object.entries(cases) as [OperationName, (typeof cases)[OperationName]][]).flatMap(
    ([name, variants]) =>
      Object.entries(typeof variants === 'function' ? { '': variants } : variants).map(
        ([variant, args]) =>
          [`${name} ${variant}`.trimEnd(), (asked: Asked) => ({ name, args: args(asked) })] as const
      )
  )
)

const users: Readonly<Record<Exclude<Target, 'self'>, string>> = {
  owner: 'owner',
  admin: 'admin2',
  member: 'member2',
  outsider: 'stranger'
}

function callOf({ operation, world, actor, target }: Cell): Call {
  const userID = target === undefined || target === 'self' ? actor : users[target]
  const call = must(calls.get(operation), `a call titled ${operation}`)
  return call({ type: typeOf[world], userID, isSelf: target === 'self' })
}

// ── the worlds ──────────────────────────────────────────────────────────────

const typeOf: Readonly<Record<WorldName, string>> = {
  Private: 'Private',
  Ownerless: 'Private',
  Public: 'Public',
  Free: 'Public',
  Closed: 'Public',
  ChatRoom: 'ChatRoom',
  AVChatRoom: 'AVChatRoom',
  Unjoined: 'AVChatRoom'
}
const others = ['admin', 'admin2', 'member', 'member2', 'appMember']

async function build(server: TestServer, world: WorldName): Promise<void> {
  const act = async (userID: string, name: OperationName, args: object) =>
    expect(await server.judge(userID, { name, args: { groupID, ...args }, groupID })).toMatchObject(
      { kind: 'applied' }
    )
  const type = typeOf[world]
  const joinOption =
    world === 'Free' ? 'FreeAccess' : world === 'Closed' ? 'DisableApply' : 'NeedPermission'
  const memberList = others.map(userID => ({
    userID,
    ...(hasAdmins(type) && userID.startsWith('admin') && { role: 'Admin' })
  }))
  if (type === 'AVChatRoom') {
    await act('owner', 'createGroup', { name: 'Crew', type })
    for (const userID of world === 'Unjoined' ? others : ['owner', ...others])
      await act(userID, 'joinGroup', {})
  } else await act('owner', 'createGroup', { name: 'Crew', type, joinOption, memberList })
  if (world === 'Public') await act('applicant', 'joinGroup', { applyMessage: 'please' })
  if (!hasAdmins(type)) for (const userID of ['admin', 'admin2']) await makeAdmin(server, userID)
  if (world === 'Ownerless') await act('owner', 'quitGroup', {})
  else await act('owner', 'updateGroupProfile', { notification: 'Ahoy' })
}

const hasAdmins = (type: string) => type === 'Public' || type === 'ChatRoom'

/** Where no operation makes admins, they may still have come with data from elsewhere. */
function makeAdmin({ database }: TestServer, userID: string): Promise<void> {
  return database.transaction(async tx => {
    const before = await tx.lockGroup(groupID)
    const [member] = await tx.members(groupID, [userID])
    const seq = before.seq + 1
    await tx.write({
      groupID,
      state: { ...before, seq },
      log: [{ seq, atSeconds: 0, actor: '', opID: `import-${seq}`, name: 'import', args: {} }],
      members: [{ userID, row: { ...member!.row!, role: 'Admin' }, revision: seq }],
      dissolved: false,
      others: [],
      tips: [],
      memberships: [],
      verdicts: []
    })
  })
}

/** Whether the user's device holds the group. */
const follows = (world: WorldName, actor: Actor) =>
  actor !== 'outsider' && actor !== 'app' && !(world === 'Ownerless' && actor === 'owner')

// ── asking ──────────────────────────────────────────────────────────────────

type Device = { ask(call: Call): Promise<Answer> }

/**
 * A device that has heard everything. What it is asked never reaches the server, as no time passes.
 */
async function openDevice(
  server: TestServer,
  world: WorldName,
  actor: Actor,
  first: TestClient
): Promise<Device> {
  let client = first
  await client.caughtUp()
  if (follows(world, actor)) {
    await server.clock.until(async () => (await client.group(groupID)) !== undefined)
    const members = client.watch({ kind: 'members', groupID, offset: 0, limit: 100 })
    if (typeOf[world] !== 'AVChatRoom')
      await server.clock.until(() => members.last()?.complete === true)
  }
  return {
    async ask({ name, args }) {
      const answer = await outcome(async () => {
        const applied = await client.engine.apply(name, args)
        return isGroupError(applied) ? applied.code : statusOf(applied.result)
      })
      if (typeof answer === 'string') client = await again(server, client)
      return answer
    }
  }
}

/** The device as it was before anything was asked of it. */
async function again(
  server: TestServer,
  { engine, storage, userID }: TestClient
): Promise<TestClient> {
  await engine.close()
  await storage.transact([], () => [{ table: 'outbox', scope: '', empty: true }])
  const client = createTestClient(server, userID, { storage })
  await server.clock.settle()
  return client
}

/**
 * What the authority answers. The transaction is taken back, so the next question finds the same
 * rows.
 */
async function askServer(
  { database, clock }: TestServer,
  userID: string,
  call: Call,
  adminsCanKick: boolean
): Promise<Answer> {
  const undo = new Error('taken back')
  const operation = {
    ...call,
    groupID: String(call.args['groupID']),
    opID: 'asked',
    seen: 0,
    waitedSeconds: 0
  }
  const asked = submission({ userID, isAppAdmin: appAdmins.includes(userID), operation })
  const context = { nowMs: clock.now(), policy: { ...defaultPolicy, adminsCanKick } }
  return outcome(async () => {
    let answer: Answer = 'not judged'
    const judging = database.transaction(async tx => {
      const { outcomes } = await judge(tx, operation.groupID, [asked], context)
      const [judged] = outcomes
      if (judged?.kind === 'verdict')
        answer =
          judged.verdict.kind === 'rejected'
            ? judged.verdict.error.code
            : statusOf('result' in judged.verdict && judged.verdict.result)
      throw undo
    })
    await judging.catch(error => {
      if (error !== undo) throw error
    })
    return answer
  })
}

/** A question that breaks something is a cell like any other. */
const outcome = (ask: () => Promise<Answer>): Promise<Answer> =>
  ask().catch((error: Error) => `threw: ${error.message}`)

function statusOf(result: unknown): Answer {
  if (typeof result !== 'object' || result === null) return 'undecided'
  return 'status' in result ? String(result.status) : 'accepted'
}

// ── the tests ───────────────────────────────────────────────────────────────

const whereAdminsKick = 'deleteGroupMember where admins can kick'
const settings = [
  ...worldNames.map(world => ({ world, adminsCanKick: false, isThereFirst: false })),
  // Devices hear of a group in two ways: it was there before they came, or they see it come about.
  ...worldNames.map(world => ({ world, adminsCanKick: false, isThereFirst: true })),
  ...(['Private', 'Public', 'ChatRoom', 'AVChatRoom'] as const).map(world => ({
    world,
    adminsCanKick: true,
    isThereFirst: false
  }))
]

describe.each(settings)(
  'in the world $world (admins can kick: $adminsCanKick, devices there first: $isThereFirst)',
  ({ world, adminsCanKick, isThereFirst }) => {
    const ofWorld = cells.filter(
      cell => cell.world === world && (cell.operation === whereAdminsKick) === adminsCanKick
    )
    let server: TestServer
    const devices = new Map<Actor, Device>()

    beforeAll(async () => {
      server = createTestServer({ appAdmins, policy: { adminsCanKick } })
      const connect = () =>
        new Map(
          actors.map(actor => [
            actor,
            createTestClient(server, actor, { storage: createMemoryStorage() })
          ])
        )
      const early = isThereFirst ? connect() : undefined
      for (const client of early?.values() ?? []) await client.caughtUp()
      await build(server, world)
      await server.clock.advance(1000)
      for (const [actor, client] of early ?? connect())
        devices.set(actor, await openDevice(server, world, actor, client))
    })

    test.each([...new Set(ofWorld.map(({ operation }) => operation))])(
      '%s is answered as the matrix says',
      async operation => {
        const expected = new Map<string, Answer>()
        const found = new Map<string, Answer>()
        for (const cell of ofWorld.filter(each => each.operation === operation)) {
          const call = callOf(cell)
          const device = await devices.get(cell.actor)!.ask(call)
          const answered = {
            ...cell,
            device,
            server: await askServer(server, cell.actor, call, adminsCanKick)
          }
          for (const [title, answer] of answersOf(cell)) expected.set(title, answer)
          for (const [title, answer] of answersOf(answered)) found.set(title, answer)
        }
        expect(differences(expected, found)).toEqual([])
      }
    )
  }
)

test('every operation has one cell per group type, actor and target', () => {
  expect(new Set(cells.map(titleOf)).size).toBe(cells.length)
  const titles = [...new Set(cells.map(({ operation }) => operation))]
  expect(titles.sort(), 'test/kernel/matrix.ts has a table per call').toEqual(
    [...calls.keys()].sort()
  )
  for (const operation of calls.keys()) {
    const ofOperation = cells.filter(cell => cell.operation === operation)
    const isTargeted = ofOperation.some(({ target }) => target)
    for (const world of ['Private', 'Public', 'ChatRoom', 'AVChatRoom']) {
      // A group has one owner.
      const count = isTargeted ? actors.length * targets.length - 1 : actors.length
      expect([operation, world, ofOperation.filter(cell => cell.world === world).length]).toEqual([
        operation,
        world,
        count
      ])
    }
  }
})

test('a change of any one cell is found, and nothing else', () => {
  const right = new Map(cells.flatMap(answersOf))
  const planted = new Map(right)
  expect(differences(planted, right)).toEqual([])
  for (const [title, answer] of right) {
    const other = answer === 10007 ? 'accepted' : 10007
    planted.set(title, other)
    expect(differences(planted, right)).toEqual([`${title}: expected ${other}, got ${answer}`])
    planted.set(title, answer)
  }
})

test('an unasked cell and an answer without a cell are found', () => {
  const right = new Map(cells.slice(0, 2).flatMap(answersOf))
  const [[title, answer] = ['', '']] = right
  const part = new Map([...right].slice(1))
  expect(differences(right, part)).toEqual([`${title}: expected ${answer}, got no answer`])
  expect(differences(part, right)).toEqual([`${title}: not expected, got ${answer}`])
})

function answersOf(cell: Cell): [title: string, answer: Answer][] {
  return [
    [`${titleOf(cell)}, on the device`, cell.device],
    [`${titleOf(cell)}, on the server`, cell.server]
  ]
}
