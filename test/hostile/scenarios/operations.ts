/** Attackers with forbidden operations: crafted IDs, groups of other users, impossible values. */

import { expect } from 'vitest'
import type { OperationName } from '../../../src/kernel/decide.ts'
import { generateUserSig } from '../../../src/server/user-sig.ts'
import { hello, operation, push, wrongCheck, type Attackers } from '../attacker.ts'
import type { Scenario } from '../arena.ts'
import { times } from '../repeat.ts'
import { app } from '../process.ts'

/** Names that mean something to a database, to JSON or to a JavaScript object. */
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  "'; DROP TABLE groups; --",
  '$1',
  '"}]',
  '\\u0000',
  '%s%n',
  '${process.exit(1)}',
  '../../etc/passwd',
  ' ',
  'x'.repeat(64)
]

type Args = Readonly<Record<string, unknown>>

/** Operations that must have no effect by an outsider. */
const intrusionArgs = (groupID: string): Readonly<Record<OperationName, readonly Args[]>> => ({
  updateGroupProfile: [{ groupID, name: 'Mine' }],
  setGroupMemberRole: [{ groupID, userID: 'mallory', role: 'Admin' }],
  setGroupMemberMuteTime: [
    { groupID, userID: 'bob', muteTime: 1000 },
    { groupID, userID: 'victor', muteTime: 1000 }
  ],
  setGroupMemberNameCard: [{ groupID, userID: 'victor', nameCard: 'x' }],
  setGroupMemberCustomField: [
    { groupID, userID: 'victor', memberCustomField: [{ key: 'a', value: 'b' }] }
  ],
  setMessageRemindType: [{ groupID, userID: 'victor', messageRemindType: 'Discard' }],
  markGroupMemberList: [{ groupID, userIDList: ['bob'], markType: 1000, enableMark: true }],
  initGroupAttributes: [{ groupID, groupAttributes: [{ key: '__proto__', value: 'Mine' }] }],
  setGroupAttributes: [
    { groupID, groupAttributes: names.slice(0, 16).map(key => ({ key, value: 'Mine' })) }
  ],
  deleteGroupAttributes: [{ groupID, keyList: [] }],
  setGroupCounters: [{ groupID, counters: [{ key: '__proto__', value: 1 }] }],
  increaseGroupCounter: [{ groupID, key: 'constructor', value: Number.MAX_SAFE_INTEGER }],
  decreaseGroupCounter: [{ groupID, key: 'toString', value: -1 }],
  deleteGroupMember: [{ groupID, userIDList: ['victor', 'bob'] }],
  addGroupMember: [{ groupID, userIDList: ['mallory', 'mallory2'] }],
  changeGroupOwner: [{ groupID, newOwnerID: 'mallory' }],
  handleGroupApplication: [{ groupID, userID: 'mallory', handleAction: 'Agree' }],
  joinGroup: [{ groupID, type: 'Public' }],
  quitGroup: [{ groupID }],
  dismissGroup: [{ groupID }],
  createGroup: [{ groupID, name: 'Mine', type: 'Public' }]
})
const intrusions = (groupID: string): (readonly [name: string, args: Args])[] =>
  Object.entries(intrusionArgs(groupID)).flatMap(([name, calls]) =>
    calls.map(args => [name, args] as const)
  )

const textFrames = (opID: string): string[] => {
  const frame = JSON.stringify(
    push(operation(opID, 'updateGroupProfile', { groupID: 'crew', name: 'Mine' }))
  )
  const written = (before: string, after: string) => frame.replace(before, () => after)
  return [
    written('"seen":0', '"seen":1e999'),
    written('"seen":0', '"seen":-0'),
    written('"seen":0', `"seen":${'9'.repeat(1000)}`),
    written('"name":"Mine"', '"name":"Mine","name":"Theirs","__proto__":{"isAppAdmin":true}'),
    written('"args":', '"__proto__":{"userID":"ann","isAppAdmin":true},"args":'),
    written('"groupID":"crew"', '"groupID":"mine","groupID":"crew"'),
    written('Mine', '\\ud800'),
    written('Mine', '\\u0000'),
    written('Mine', '\\u202eMine'),
    written('"Mine"', '['.repeat(100_000) + ']'.repeat(100_000)),
    written('"Mine"', JSON.stringify(times(20_000))),
    written('"Mine"', '1e308'),
    frame.slice(0, -1),
    frame + frame
  ]
}

async function outcomes(
  { socket }: Attackers,
  userID: string,
  operations: ReturnType<typeof operation>[]
): Promise<unknown[]> {
  const client = await socket()
  await client.login(userID)
  const given: unknown[] = []
  for (let start = 0; start < operations.length; start += 50)
    given.push(...(await client.judge(...operations.slice(start, start + 50))).values())
  client.hangUp()
  return given
}

export const operationScenarios: readonly Scenario[] = [
  {
    title: 'an outsider who tries everything in groups of others',
    async attack(attackers) {
      for (const groupID of ['crew', 'vault']) {
        const operations = intrusions(groupID).map(([name, args], index) =>
          operation(`into-${groupID}-${index}`, name, args)
        )
        const given = await outcomes(attackers, 'mallory', operations)
        expect(given.filter(outcome => typeof outcome !== 'number')).toEqual([])
      }
    },
    leaves: () => ({ verdicts: 2 * intrusions('crew').length })
  },
  {
    title: "other users' operation IDs, as own and as predecessors",
    async attack(attackers) {
      const quit = (opID: string, changes: object = {}) =>
        operation(opID, 'quitGroup', { groupID: 'crew' }, changes)
      const given = await outcomes(attackers, 'mallory', [
        quit('crew'),
        quit('vault'),
        quit('after-others', { after: 'nobody-has-it' }),
        quit('after-itself', { after: 'after-itself' })
      ])
      expect(given).toEqual(expect.arrayContaining([2623, 'retry']))
    },
    leaves: () => ({ verdicts: 4 })
  },
  {
    title: 'one operation ID for several groups at once over many connections',
    async attack({ socket }) {
      const connections = await Promise.all(times(8).map(() => socket()))
      await Promise.all(connections.map(each => each.login('mallory')))
      for (const round of times(20))
        await Promise.all(
          connections.map((connection, number) =>
            connection.judge(
              ...times(25).map(index =>
                operation(`same-${round}-${index}`, 'quitGroup', {
                  groupID: number % 2 ? 'crew' : `none-${number}`
                })
              )
            )
          )
        )
    },
    // One verdict per ID and group.
    leaves: () => ({ verdicts: 20 * 25 * 5 })
  },
  {
    title: 'one operation ID many times in a frame',
    async attack({ socket }) {
      const client = await socket()
      await client.login('mallory')
      for (const round of times(20))
        await client.judge(
          ...times(50).map(index =>
            operation(`twice-${round}`, 'quitGroup', { groupID: index % 2 ? 'crew' : 'vault' })
          )
        )
    },
    leaves: () => ({ verdicts: 20 * 2 })
  },
  {
    title: 'IDs that mean something to databases and objects',
    async attack(attackers) {
      await outcomes(
        attackers,
        'mallory',
        names.flatMap(name => [
          operation(name, 'quitGroup', { groupID: 'crew' }),
          operation(`in-${names.indexOf(name)}`, 'quitGroup', { groupID: name }, { after: name }),
          operation(`of-${names.indexOf(name)}`, 'deleteGroupMember', {
            groupID: 'crew',
            userIDList: [name]
          })
        ])
      )
    },
    leaves: () => ({ verdicts: 3 * 14 })
  },
  {
    title: 'groups and members with the names of built-in properties',
    async attack(attackers) {
      const builtIn = names.slice(0, 5)
      await outcomes(
        attackers,
        'mona',
        builtIn.map(groupID =>
          operation(`builds-${groupID}`, 'createGroup', {
            groupID,
            name: 'x',
            type: 'Private',
            memberList: [{ userID: 'toString' }, { userID: 'valueOf' }]
          })
        )
      )
      // Their members still log in on a new device.
      for (const userID of ['toString', 'valueOf', 'mona']) {
        const client = await attackers.socket()
        await client.send(hello(userID))
        const caughtUp = await client.until(each => each.caughtUp === true || each.type === 'error')
        expect(caughtUp).toMatchObject({ type: 'delta' })
      }
    },
    leaves: () => ({
      groups: 5,
      members: 15,
      tips: 5,
      log: 5,
      memberships: 15,
      feeds: 3,
      feed: 30,
      verdicts: 5
    })
  },
  {
    title: 'JSON with impossible numbers, doubled keys and half characters',
    async attack({ socket }) {
      for (const [index, frame] of textFrames('text').entries()) {
        const client = await socket()
        await client.login(`mallory${index}`)
        await client.send(frame)
        await client.send({ type: 'read', request: 999, groupID: 'nowhere', search: false })
        await client.until(({ type, request }) => type === 'error' || request === 999)
      }
    },
    leaves: () => ({ verdicts: 14 })
  },
  {
    title: 'logins that stand in the future or in groups of others',
    async attack({ socket }) {
      const far = Number.MAX_SAFE_INTEGER
      const stands = [
        hello('mallory', [], { feed: far }),
        hello('mallory', [['crew', far, far]]),
        hello('mallory', [['vault', 1, 0]], { feed: 1 }),
        hello('mallory', [['__proto__', 1, 1]], { epoch: '__proto__' }),
        hello(
          'mallory',
          times(1000).map(index => [`g${index}`, far, far] as const)
        )
      ]
      for (const stand of stands) {
        const client = await socket()
        await client.send(stand)
        const caughtUp = await client.until(each => each.caughtUp === true || each.type === 'error')
        expect(caughtUp).toMatchObject({ groups: [], verdicts: [] })
        await client.send(wrongCheck('vault'))
        await client.until(({ type }) => type === 'pong')
      }
    }
  },
  {
    title: 'tokens that are expired, borrowed, of another app or for nobody',
    async attack({ socket, http }) {
      const now = Date.now()
      const tokens = [
        generateUserSig(app, { userID: 'ann', expireSeconds: 60, now: now - 61_000 }),
        generateUserSig({ ...app, sdkAppID: 1 }, { userID: 'ann' }),
        generateUserSig({ ...app, secretKey: 'guessed' }, { userID: 'ann' }),
        `${generateUserSig(app, { userID: 'mallory' }).slice(0, -4)}AAAA`,
        '',
        'x'.repeat(4096)
      ]
      for (const token of tokens) {
        const client = await socket()
        await client.send(hello('ann', [], { token }))
        expect(await client.until(() => true)).toMatchObject({ type: 'error' })
        await http(
          JSON.stringify({ session: '', frames: [JSON.stringify(hello('ann', [], { token }))] })
        )
      }
      const client = await socket()
      await client.login('mallory')
      await client.send({ type: 'auth', token: generateUserSig(app, { userID: 'ann' }) })
      expect(await client.until(() => true)).toMatchObject({
        type: 'error',
        error: { code: 70013 }
      })
    }
  },
  {
    title: 'an outsider who looks for traces of a Private group',
    async attack(attackers) {
      const { socket } = attackers
      // Two Private groups, one with much in it: an outsider gets the same answers about both.
      await outcomes(attackers, 'mallory', [
        operation('empty', 'createGroup', { groupID: 'empty', name: 'x', type: 'Private' })
      ])
      const client = await socket()
      await client.login('eve')
      const answers: unknown[][] = []
      for (const groupID of ['vault', 'empty']) {
        const seen: unknown[] = []
        for (const search of [true, false]) {
          await client.send({ type: 'read', request: 1, groupID, search })
          seen.push(await client.until(() => true))
        }
        // Nothing answers these; the next question is answered first.
        await client.send({ type: 'members', groupID, after: '', limit: 500 })
        await client.send(wrongCheck(groupID))
        const { serverTime: _, ...pong } = await client.until(() => true)
        seen.push(pong)
        const operations = intrusions(groupID).map(([name, args], index) =>
          operation(`seeks-${groupID}-${index}`, name, args)
        )
        seen.push([...(await client.judge(...operations)).values()])
        answers.push(seen)
      }
      expect(answers[1]).toEqual(answers[0])
    },
    leaves: () => ({
      groups: 1,
      members: 1,
      tips: 1,
      log: 1,
      memberships: 1,
      feeds: 1,
      feed: 2,
      verdicts: 1 + 2 * intrusions('vault').length
    })
  }
]
