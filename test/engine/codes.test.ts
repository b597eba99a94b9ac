/**
 * Every code of Tencent's tables and every code of this package: how it comes about, or why it
 * cannot.
 */

import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { PolicyOptions } from '../../src/server/policy.ts'
import type { Database } from '../../src/server/database/port.ts'
import { generateUserSig, verifyUserSig } from '../../src/server/user-sig.ts'
import { isGroupError } from '../../src/engine/api.ts'
import type { OperationName } from '../../src/kernel/decide.ts'
import { errors, type GroupError } from '../../src/kernel/errors.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/port.ts'
import { protocolVersion } from '../../src/protocol/messages.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'
import {
  type Outcome,
  type Args,
  judged,
  act,
  crewOf,
  agreed,
  both,
  openDevice,
  app,
  crew,
  declaring
} from './code-answers.ts'

/** The answer of the authority, if a device cannot know. */
async function judgedByServer(
  server: TestServer,
  userID: string,
  name: OperationName,
  args: Args
): Promise<Outcome> {
  const { predicted, verdict } = await both(server, userID, name, args)
  expect(predicted).toBe('undecided')
  return verdict
}

async function offlineDevice(): Promise<TestClient> {
  const device = await openDevice(createTestServer(), 'ann')
  await device.engine.pause()
  return device
}

const refusal = (answer: object): Outcome => (isGroupError(answer) ? answer : 'accepted')

/** What ends a connection on which these frames were sent. */
async function endOf(frames: readonly string[], server = createTestServer()): Promise<Outcome> {
  const heard: { type: string; error: GroupError }[] = []
  const link = server.network().connect({
    onOpen: () => frames.forEach(frame => link.send(frame)),
    onFrame: frame => heard.push(JSON.parse(frame) as { type: string; error: GroupError }),
    onClose: () => undefined
  })
  await server.clock.advance(100)
  return heard.find(({ type }) => type === 'error')?.error ?? 'accepted'
}

const hello = (protocol: number) =>
  JSON.stringify({
    type: 'hello',
    protocol,
    kernel: 1,
    token: 'ann',
    epoch: '',
    feed: 0,
    groups: []
  })

const ping = JSON.stringify({ type: 'ping' })

/** Why a device does not come online. */
async function whyOffline(userID: string, token: string): Promise<Outcome> {
  const server = createTestServer()
  const device = createTestClient(server, userID, { token })
  await server.clock.advance(100)
  return (await device.status())?.lastError ?? 'accepted'
}

const login = (userSig: string, nowMs = 0): Outcome => {
  const verified = verifyUserSig(app, userSig, nowMs)
  return verified.ok ? 'accepted' : verified.error
}

// Tencent's package has no types and signs anything.
type Api = { genUserSig(userID: string, expire: number): string }

const { Api } = createRequire(import.meta.url)('tls-sig-api-v2') as {
  Api: new (sdkAppID: number, secretKey: string) => Api
}

const lasting = new Api(app.sdkAppID, app.secretKey)

const signed = (by = app) => generateUserSig(by, { userID: 'ann', expireSeconds: 60, now: 0 })

const full = { maxMemberNum: 2 }

const oneEach = { policy: { groupsPerUserMax: 1 } }

type Row = readonly [
  code: number,
  reason: keyof typeof errors,
  title: string,
  produce: () => Promise<Outcome> | Outcome
]

const produced: readonly Row[] = [
  [
    2600,
    'IllegalGroupType',
    'creating a group of another type',
    () =>
      agreed(createTestServer(), 'ann', 'createGroup', { ...crew, name: 'Crew', type: 'Community' })
  ],
  [
    2601,
    'CannotJoinPrivate',
    'joining with the type Private',
    async () => agreed(await crewOf('Private'), 'eve', 'joinGroup', { ...crew, type: 'Private' })
  ],
  [
    2620,
    'CannotTransferAVChatRoom',
    'transferring an AVChatRoom',
    async () =>
      agreed(await crewOf('AVChatRoom'), 'ann', 'changeGroupOwner', { ...crew, newOwnerID: 'bob' })
  ],
  [
    2621,
    'CannotTransferToSelf',
    'transferring to oneself',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'changeGroupOwner', { ...crew, newOwnerID: 'ann' })
  ],
  [
    2622,
    'CannotDismissPrivate',
    'dismissing a Private group',
    async () => agreed(await crewOf('Private'), 'ann', 'dismissGroup', crew)
  ],
  [
    2623,
    'NotInGroup',
    'quitting where one is not',
    async () => judgedByServer(await crewOf('Public'), 'eve', 'quitGroup', crew)
  ],
  [
    2661,
    'CannotInviteToAVChatRoom',
    'inviting to an AVChatRoom',
    async () =>
      agreed(await crewOf('AVChatRoom'), 'ann', 'addGroupMember', { ...crew, userIDList: ['eve'] })
  ],
  [
    2680,
    'CannotKickFromAVChatRoom',
    'removing from an AVChatRoom',
    async () =>
      agreed(await crewOf('AVChatRoom'), 'ann', 'deleteGroupMember', {
        ...crew,
        userIDList: ['bob']
      })
  ],
  [
    2681,
    'NotOwner',
    'setting a role, and not being the owner',
    async () =>
      agreed(await crewOf('Public'), 'bob', 'setGroupMemberRole', {
        ...crew,
        userID: 'ann',
        role: 'Admin'
      })
  ],
  [
    2682,
    'NoRolesInGroupType',
    'setting a role in a Private group',
    async () =>
      agreed(await crewOf('Private'), 'ann', 'setGroupMemberRole', {
        ...crew,
        userID: 'bob',
        role: 'Admin'
      })
  ],
  [
    2683,
    'IllegalRole',
    'making another owner',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'setGroupMemberRole', {
        ...crew,
        userID: 'bob',
        role: 'Owner'
      })
  ],
  [
    2684,
    'CannotSetOwnRole',
    'setting the role of oneself',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'setGroupMemberRole', {
        ...crew,
        userID: 'ann',
        role: 'Admin'
      })
  ],
  [
    2685,
    'CannotMuteSelf',
    'muting oneself',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'setGroupMemberMuteTime', {
        ...crew,
        userID: 'ann',
        muteTime: 60
      })
  ],
  [
    2805,
    'NoNetwork',
    'joining a group never seen, without a network',
    async () => refusal(await (await offlineDevice()).engine.apply('joinGroup', crew))
  ],
  [
    2805,
    'NoNetwork',
    'looking for a group without a network',
    async () => refusal(await (await offlineDevice()).engine.readProfile('crew', true))
  ],
  [
    2999,
    'NotReady',
    'asking a store that is closed',
    async () => {
      const { engine } = await offlineDevice()
      await engine.close()
      return refusal(await engine.apply('createGroup', { name: 'Crew' }))
    }
  ],
  [2999, 'NotReady', 'talking to the server before saying who one is', () => endOf([ping])],

  [
    4501,
    'QueueFull',
    'queueing more than a device keeps',
    async () => {
      const { engine } = await offlineDevice()
      const memberCustomField = ['a', 'b', 'c', 'd', 'e'].map(key => ({
        key,
        value: 'x'.repeat(64)
      }))
      const memberList = Array.from({ length: 500 }, (_, index) => ({
        userID: `user${index}`,
        memberCustomField
      }))
      for (let count = 0; count < 100; count++) {
        const answer = await engine.apply('createGroup', {
          name: 'Crew',
          type: 'Public',
          memberList
        })
        if (isGroupError(answer)) return answer
      }
      return 'accepted'
    }
  ],
  [
    4502,
    'StorageFailed',
    'queueing where the device cannot store',
    async () => {
      const memory = createMemoryStorage()
      let isBroken = false
      const storage: Storage = {
        ...memory,
        transact: (queries, body) =>
          isBroken ? Promise.reject(new Error('disk full')) : memory.transact(queries, body)
      }
      const device = await openDevice(createTestServer(), 'ann', { storage })
      isBroken = true
      return refusal(await device.engine.apply('createGroup', { name: 'Crew' }))
    }
  ],
  [
    4512,
    'StillWaiting',
    'queueing where storage does not answer',
    async () => {
      const memory = createMemoryStorage()
      let isSilent = false
      const transact: Storage['transact'] = (queries, body) =>
        isSilent ? new Promise(() => undefined) : memory.transact(queries, body)
      const server = createTestServer()
      const device = await openDevice(server, 'ann', { storage: { ...memory, transact } })
      isSilent = true
      const answer = device.engine.apply('createGroup', { name: 'Crew' })
      await server.clock.advance(15_000)
      return refusal(await answer)
    }
  ],
  [
    4503,
    'UnknownOperationID',
    'asking about an operation that never was',
    async () => refusal(await (await offlineDevice()).engine.settled('never'))
  ],
  [
    4504,
    'PendingOperations',
    'logging out while operations wait, without saying what of them',
    async () => {
      const device = await offlineDevice()
      await device.apply('createGroup', { name: 'Crew' })
      return (await device.engine.logout()) ?? 'accepted'
    }
  ],
  [
    4505,
    'Discarded',
    'discarding what waits',
    async () => {
      const device = await offlineDevice()
      const { opID } = await device.apply('createGroup', { name: 'Crew' })
      const settled = device.engine.settled(opID)
      await device.engine.logout('discard')
      return rejection(await settled)
    }
  ],
  [
    4506,
    'DamagedOperation',
    'finding a queued operation that cannot be read',
    async () => {
      const storage = createMemoryStorage()
      // What a damaged disk holds has no type.
      const damaged = { opID: 'lost', name: 7 } as never
      await storage.transact([], () => [{ table: 'outbox', scope: '', id: 'lost', row: damaged }])
      const device = createTestClient(createTestServer(), 'ann', { storage, paused: true })
      return rejection(await device.engine.settled('lost'))
    }
  ],
  [
    4507,
    'PredecessorRejected',
    'building on a creation that was refused',
    async () => {
      const server = await crewOf('Public')
      const device = createTestClient(server, 'eve')
      await device.apply('createGroup', { ...crew, name: 'Hers', type: 'Public' })
      const { opID } = await device.apply('updateGroupProfile', { ...crew, name: 'Hers!' })
      await device.caughtUp()
      return rejection(await device.engine.settled(opID))
    }
  ],
  [4508, 'ProtocolTooOld', 'speaking another version', () => endOf([hello(0)])],
  [4509, 'BadFrame', 'sending what is no message', () => endOf([JSON.stringify({ type: 5 })])],
  [
    4511,
    'OperationExpired',
    'coming back after more than a month',
    async () => {
      const server = await crewOf('Public')
      const ann = createTestClient(server, 'ann', { paused: true })
      const { opID } = await ann.apply('createGroup', { name: 'Picnic' })
      await server.clock.advance(31 * 86_400_000)
      await ann.engine.resume()
      await ann.caughtUp()
      return rejection(await ann.engine.settled(opID))
    }
  ],

  [
    10002,
    'ServerBusy',
    'meeting a server whose database is away',
    () => endOf([hello(protocolVersion)], createTestServer({ database: away() }))
  ],
  [
    10003,
    'UnknownOperation',
    'asking for what there is not',
    () => judged(createTestServer(), 'ann', 'sendMessage', crew)
  ],
  [
    10004,
    'IllegalArgument',
    'a name that is too long',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'updateGroupProfile', { ...crew, name: 'x'.repeat(31) })
  ],
  [
    10004,
    'IllegalArgument',
    'a join option that does not exist',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'updateGroupProfile', {
        ...crew,
        joinOption: 'Perhaps'
      })
  ],
  [
    10004,
    'IllegalArgument',
    'joining a group that takes no applications',
    async () =>
      judgedByServer(
        await crewOf('Public', { joinOption: 'DisableApply' }),
        'eve',
        'joinGroup',
        crew
      )
  ],
  [
    10004,
    'IllegalArgument',
    'muting somebody who is not in the group',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'setGroupMemberMuteTime', {
        ...crew,
        userID: 'eve',
        muteTime: 60
      })
  ],
  [
    10004,
    'UndeclaredField',
    'a custom field that is not declared',
    async () =>
      agreed(await crewOf('Public', declaring), 'ann', 'updateGroupProfile', {
        ...crew,
        groupCustomField: [{ key: 'other', value: 'v' }]
      })
  ],
  [
    10005,
    'TooManyAccounts',
    '501 users in one call',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'deleteGroupMember', {
        ...crew,
        userIDList: Array.from({ length: 501 }, (_, index) => `user${index}`)
      })
  ],
  [
    10006,
    'TooFrequent',
    'asking faster than the server can answer',
    () =>
      endOf(
        [hello(protocolVersion), ...Array.from({ length: 300 }, () => ping)],
        createTestServer({ database: stuck() })
      )
  ],
  [
    10007,
    'NotPermitted',
    'what one may not do',
    async () =>
      agreed(await crewOf('Public'), 'bob', 'updateGroupProfile', { ...crew, name: 'Mutiny' })
  ],
  [
    10007,
    'NotPermitted',
    'joining a Private group',
    async () => judgedByServer(await crewOf('Private'), 'eve', 'joinGroup', crew)
  ],
  [
    10009,
    'OwnerCannotQuit',
    'quitting as the owner',
    async () => agreed(await crewOf('Public'), 'ann', 'quitGroup', crew)
  ],
  [
    10010,
    'GroupNotFound',
    'a group that never was',
    () => judgedByServer(createTestServer(), 'ann', 'quitGroup', crew)
  ],
  [
    10010,
    'GroupNotFound',
    'a group that was dismissed',
    async () => {
      const server = await crewOf('Public')
      await act(server, 'ann', 'dismissGroup', crew)
      return judgedByServer(server, 'bob', 'quitGroup', crew)
    }
  ],
  [
    10014,
    'GroupFull',
    'joining a full group',
    async () => judgedByServer(await crewOf('Public', full), 'eve', 'joinGroup', crew)
  ],
  [
    10014,
    'GroupFull',
    'adding to a full group',
    async () =>
      agreed(await crewOf('Private', full), 'bob', 'addGroupMember', {
        ...crew,
        userIDList: ['eve']
      })
  ],
  [
    10014,
    'GroupFull',
    'letting somebody into a full group',
    async () =>
      agreed(await applied(full), 'ann', 'handleGroupApplication', {
        ...crew,
        userID: 'eve',
        handleAction: 'Agree'
      })
  ],
  [
    10014,
    'GroupFull',
    'creating a group with more members than it is for',
    () =>
      agreed(createTestServer(), 'ann', 'createGroup', {
        ...crew,
        name: 'Crew',
        maxMemberNum: 1,
        memberList: [{ userID: 'bob' }]
      })
  ],
  [
    10015,
    'IllegalGroupID',
    'a group that cannot be',
    () => agreed(createTestServer(), 'ann', 'quitGroup', { groupID: 'é' })
  ],
  [
    10021,
    'GroupIDTaken',
    'the ID of a group one is in',
    async () => agreed(await crewOf('Public'), 'bob', 'createGroup', { ...crew, name: 'His' })
  ],
  [
    10021,
    'GroupIDTaken',
    'the ID of a group one does not know',
    async () => {
      const { predicted, verdict } = await both(await crewOf('Private'), 'eve', 'createGroup', {
        ...crew,
        name: 'Hers'
      })
      expect(predicted).toBe('accepted')
      return verdict
    }
  ],
  [
    10024,
    'AlreadyHandled',
    'an application that was handled before',
    async () => {
      const server = await applied()
      await act(server, 'ann', 'handleGroupApplication', {
        ...crew,
        userID: 'eve',
        handleAction: 'Reject'
      })
      return agreed(server, 'ann', 'handleGroupApplication', {
        ...crew,
        userID: 'eve',
        handleAction: 'Agree'
      })
    }
  ],
  [
    10025,
    'GroupIDTakenByYou',
    'the ID of a group that one owns',
    async () => agreed(await crewOf('Public'), 'ann', 'createGroup', { ...crew, name: 'Again' })
  ],
  [
    10037,
    'TooManyGroups',
    'creating one group too many',
    async () =>
      agreed(await crewOf('Public', oneEach), 'ann', 'createGroup', {
        groupID: 'other',
        name: 'Other'
      })
  ],
  [
    10037,
    'TooManyGroups',
    'joining one group too many',
    async () => {
      const server = await crewOf('Public', oneEach)
      await act(server, 'eve', 'createGroup', { groupID: 'hers', name: 'Hers' })
      return judgedByServer(server, 'eve', 'joinGroup', crew)
    }
  ],
  [
    10037,
    'TooManyGroups',
    'letting in somebody who is in too many groups',
    async () => {
      const server = await applied(oneEach)
      await act(server, 'eve', 'createGroup', { groupID: 'hers', name: 'Hers' })
      return judged(server, 'ann', 'handleGroupApplication', {
        ...crew,
        userID: 'eve',
        handleAction: 'Agree'
      })
    }
  ],

  [70001, 'TokenExpired', 'a userSig that has run out', () => login(signed(), 61_000)],
  [70002, 'TokenEmpty', 'no userSig', () => login('')],
  [70003, 'TokenMalformed', 'a userSig that is none', () => login('nonsense')],
  [70004, 'TokenFromFuture', 'a userSig issued later than now', () => login(signed(), -3_600_000)],
  [
    70005,
    'TokenLastsTooLong',
    'a userSig of a year',
    () => login(lasting.genUserSig('ann', 31_536_000), Date.now())
  ],
  [
    70009,
    'TokenMismatch',
    'a userSig made with another key',
    () => login(signed({ ...app, secretKey: 'other' }))
  ],
  [
    70009,
    'TokenMismatch',
    'a device whose token does not count',
    () => whyOffline('ann', 'nobody')
  ],
  [
    70013,
    'TokenOfOtherUser',
    'a device with the token of another user',
    () => whyOffline('ann', 'bob')
  ],
  [
    70014,
    'TokenOfOtherApp',
    'a userSig of another app',
    () => login(signed({ ...app, sdkAppID: 2 }))
  ],
  [
    70402,
    'IllegalUserID',
    'a userSig for nobody',
    () => login(lasting.genUserSig('', 60), Date.now())
  ]
]

function rejection(answer: Awaited<ReturnType<TestClient['engine']['settled']>>): Outcome {
  if (isGroupError(answer)) return answer
  return answer.verdict.kind === 'rejected' ? answer.verdict.error : 'accepted'
}

/** A Public group with an application of Eve's; it is full then, if asked for. */
async function applied({
  policy,
  ...profile
}: { policy?: PolicyOptions } & Args = {}): Promise<TestServer> {
  const server = await crewOf('Public', { joinOption: 'NeedPermission', ...(policy && { policy }) })
  await act(server, 'eve', 'joinGroup', crew)
  await act(server, 'ann', 'updateGroupProfile', { ...crew, ...profile })
  return server
}

/** Databases that do not answer. */
function away(): Database {
  return {
    ...createMemoryDatabase('epoch'),
    snapshot: () => Promise.reject(new Error('the database is away'))
  }
}

function stuck(): Database {
  return { ...createMemoryDatabase('epoch'), snapshot: () => new Promise(() => undefined) }
}

test.each(produced)('%i %s: %s', async (code, reason, _title, produce) => {
  expect(await produce()).toMatchObject({ code, reason })
})

test('users in too many groups are not added, and named', async () => {
  const server = await crewOf('Private', { policy: { groupsPerUserMax: 1 } })
  await act(server, 'eve', 'createGroup', { groupID: 'hers', name: 'Hers' })
  const args = { ...crew, userIDList: ['eve', 'bob', 'zoe'] }
  expect(
    await server.judge('ann', { name: 'addGroupMember', args, groupID: 'crew' })
  ).toMatchObject({
    kind: 'partial',
    result: { successUserIDList: ['zoe'], failureUserIDList: ['eve'], existedUserIDList: ['bob'] }
  })
})

test('a decision on an application whose author is in already is refused', async () => {
  const server = await applied()
  await act(server, 'app', 'addGroupMember', { ...crew, userIDList: ['eve'] })
  const decided = await agreed(server, 'ann', 'handleGroupApplication', {
    ...crew,
    userID: 'eve',
    handleAction: 'Agree'
  })
  expect(decided).toMatchObject({ code: 10024 })
  expect((await server.database.snapshot(reader => reader.group('crew'))).row?.memberNum).toBe(3)
})

/** Codes that only Tencent's face, or a real worker, comes upon, and the test that does. */
const elsewhere: Readonly<Record<string, string>> = {
  2002: '../browser/tim.test.ts',
  2003: '../browser/tim.test.ts',
  2025: '../browser/tim.test.ts',
  2026: '../browser/tim.test.ts',
  2662: '../browser/tim.test.ts',
  4510: '../browser/store.test.ts',
  4514: '../client/tim-verdicts.test.ts',
  4515: '../other-build/other-build.test.ts',
  4516: '../storage/opening.test.ts',
  4517: '../storage/opening.test.ts',
  4518: '../storage/opening.test.ts'
}

/** The codes of Tencent's tables that cannot come up here, with the reason. */
const never: Readonly<Record<string, string>> = {
  10019: 'the server keeps no register of accounts: a user is whom a userSig names',
  2000: 'the number of the app is a required option; a userSig of another app is refused 70014',
  2001: 'there are no account types',
  '2022, 2023': 'a login is answered by a userSig that is good, not by parts that may be missing',
  2024: 'from later SDKs; here it is 2999',
  '2500-2502': 'conversations: this is no chat',
  2602: 'IDs of communities, of which no group call makes use',
  2603: 'from later SDKs; here it is 10010',
  '2641, 2642': 'group attributes, of which no group call makes use',
  2660: 'a join has one of three outcomes, and the kernel knows all of them',
  2686: 'bans from AVChatRooms, of which no group call makes use',
  '2700-2742': 'friends, profiles and blacklists',
  '2800, 2801': 'an operation has no request that could fail or time out: it waits',
  '2802-2804': 'there is no packaging of requests',
  '2900-2902, 2904': 'faults inside the SDK; arguments are checked by name, and notices are typed',
  2903: 'an exception is a bug here, and no answer',
  2905: 'from later SDKs, of calls that are not there',
  2996: 'from later SDKs; here it is 10006',
  '3000-3006': 'from later SDKs; here they are 2999',
  91101: 'tabs of one user share the store, and none ends another',
  20002: 'there is no A2KEY; a userSig that has run out is 70001',
  10008: 'requests are not signed; who one is is settled at login',
  10011: 'what cannot be parsed is 4509',
  10012: 'who acts is who has logged in, and not said by the call',
  10013: 'joinGroup answers a status to a member, and addGroupMember lists existing members',
  10016: 'there are no callbacks that could refuse',
  10017: 'messages',
  10018: 'members come in pages, and profiles one by one',
  10023: 'messages',
  10026: 'nothing can be disabled for an app',
  '10030-10035': 'messages',
  10036: 'the number of AVChatRooms has no limit of its own',
  10038: 'nothing is paid for',
  10041: 'messages',
  80001: 'nobody reads what is written',
  '70001-70500': 'the others of these are of accounts in the database of Tencent'
}

const clientTable =
  '2000 2001 2002 2003 2022,2023 2024 2025 2500-2502 2600 2601 2602 2603 2620 2621 2622 2623 2641,2642 2660 2661 2662 2680 2681 ' +
  '2682 2683 2684 2685 2686 2700-2742 2800,2801 2802-2804 2805 2900-2902,2904 2903 2905 2996 2999 3000-3006 91101 20002 70001'

const serverTable =
  '10002 10003 10004 10005 10006 10007 10008 10009 10010 10011 10012 10013 10014 10015 10016 10017 10018 10019 10021 10023 ' +
  '10024 10025 10026 10030-10035 10036 10037 10038 10041 80001 70001-70500'

const tables = `${clientTable} ${serverTable}`.split(' ').map(entry => entry.replace(',', ', '))

const producedCodes = new Set(produced.map(([code]) => String(code)))

test('every code is produced, produced elsewhere, or explained', () => {
  const accounts = tables.map(code => [
    code,
    Number(producedCodes.has(code)) + Number(code in elsewhere) + Number(code in never)
  ])
  expect(accounts.filter(([, count]) => count !== 1)).toEqual([])
  expect(Object.keys(never).filter(code => !tables.includes(code))).toEqual([])
})

test('every refusal is produced here or in a named test', () => {
  const reasons = new Set<string>(produced.map(([, reason]) => reason))
  const left = Object.entries(errors).filter(
    ([reason, { code }]) => !reasons.has(reason) && !(code in elsewhere)
  )
  expect(left.map(([reason, { code }]) => [reason, code])).toEqual([])
  const codes = Object.values(errors).map(({ code }) => String(code))
  expect(
    [...Object.keys(elsewhere), ...producedCodes].filter(code => !codes.includes(code))
  ).toEqual([])
})

test.each(Object.entries(elsewhere))('code %s is tested in %s', (code, file) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8')
  expect(new RegExp(`\\b${code}\\b`).exec(text)?.[0]).toBe(code)
})
