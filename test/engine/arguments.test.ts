/**
 * Calls of an engine with any value as an argument. They answer a code, and no operation becomes
 * pending. Exceptions of the caller's own code reach the caller.
 */

import { afterEach, beforeEach, expect, test } from 'vitest'
import type { OperationName } from '../../src/kernel/decide.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'
import { absent, groupIDs, notText, type Value } from '../kernel/argument-values.ts'
import { expectCleanPrototypes } from '../kernel/prototypes.ts'

afterEach(expectCleanPrototypes)

let server: TestServer
let ann: TestClient
beforeEach(async () => {
  server = createTestServer()
  ann = createTestClient(server, 'ann')
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
})
/** No operation is pending, the connection is up, and the next call works. */
afterEach(async () => {
  expect(await ann.outbox()).toEqual([])
  expect(await ann.status()).toMatchObject({ connection: 'online', lastError: null })
  expect((await ann.group('crew'))?.infoSequence).toBe(1)
  expect(await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })).toMatchObject({
    kind: 'applied',
    seq: 2
  })
  expect(server.errors).toEqual([])
})

type Call = [
  title: string,
  call: (engine: Record<string, (...args: unknown[]) => Promise<unknown>>) => unknown,
  code: number
]
const apply =
  (name: unknown, args: unknown = { groupID: 'crew', name: 'x' }): Call[1] =>
  engine =>
    engine['apply']?.(name, args)
const unnamed: Call[] = (
  [
    ['that no operation has', 'fly'],
    ['that is empty', ''],
    ['in other letters', 'creategroup'],
    ['that every object has', 'toString'],
    ['that names a prototype', '__proto__'],
    ['that names a constructor', 'constructor'],
    ['of a million letters', 'x'.repeat(1_000_000)],
    ...absent,
    ...notText,
    ['that is a list with a name in it', ['updateGroupProfile']]
  ] as Value[]
).map(([what, name]) => [`an operation by a name ${what} is refused: 10003`, apply(name), 10003])
let asked = 0
const calls: Call[] = [
  ...unnamed,
  [
    'a groupID that changes at every read is refused: 10015',
    apply('updateGroupProfile', {
      name: 'x',
      get groupID() {
        return asked++ % 2 === 0 ? 'crew' : 'other'
      }
    }),
    10015
  ],
  ...[
    ...absent,
    ...notText.filter(([, opID]) => typeof opID !== 'symbol'),
    ['that there is none of', 'x'],
    ['that names a prototype', '__proto__']
  ].flatMap(([what, opID]): Call[] => [
    [
      `the verdict on an operation ${what} is not known: 4503`,
      engine => engine['settled']?.(opID),
      4503
    ],
    [
      `a verdict ${what} cannot be dismissed: 4503`,
      engine => engine['dismissVerdict']?.(opID),
      4503
    ]
  ]),
  ...groupIDs.map(([what, groupID, code = 10004]): Call => [
    `the profile of a group with a groupID ${what} is refused: ${code}`,
    engine => engine['readProfile']?.(groupID, false),
    Number(code)
  ]),
  ...groupIDs.map(([what, groupID, code = 10004]): Call => [
    `members of a group with a groupID ${what} are refused: ${code}`,
    engine => engine['readMembers']?.(groupID),
    Number(code)
  ])
]
test.each(calls)('%s', async (_title, call, code) => {
  // Callers without types pass anything.
  let known: unknown
  // An exception instead of an answer fails the test.
  void Promise.resolve(call(ann.engine as never)).then(
    value => (known = value),
    (error: unknown) => (known = { thrown: error })
  )
  await server.clock.until(() => known !== undefined)
  expect(known).toMatchObject({ code, reason: expect.any(String) })
})

// An exception of the caller's own code reaches the caller. A code would hide its place.
const mine = () => {
  throw new Error('of the caller')
}
const throwing: [title: string, operation: OperationName, args: unknown][] = [
  [
    'in an argument',
    'updateGroupProfile',
    Object.defineProperty({ groupID: 'crew' }, 'name', { get: mine })
  ],
  [
    'in the groupID',
    'updateGroupProfile',
    Object.defineProperty({ name: 'x' }, 'groupID', { get: mine })
  ],
  [
    'in a list',
    'deleteGroupMember',
    { groupID: 'crew', userIDList: Object.defineProperty(['bob'], 0, { get: mine }) }
  ],
  [
    'in a field of a list',
    'createGroup',
    {
      groupID: 'other',
      name: 'x',
      memberList: [Object.defineProperty({}, 'userID', { get: mine })]
    }
  ],
  [
    'in a proxy',
    'updateGroupProfile',
    new Proxy({ groupID: 'crew' }, { getOwnPropertyDescriptor: mine })
  ]
]
test.each(throwing)(
  'an exception of the caller %s reaches the caller',
  async (_title, operation, args) => {
    await expect(ann.engine.apply(operation, args as never)).rejects.toThrow('of the caller')
  }
)

test('a change of the arguments after the call has no effect', async () => {
  const args = { groupID: 'ours', name: 'Ours', memberList: [{ userID: 'bob' }] }
  const made = ann.apply('createGroup', args)
  args.name = 'Mine'
  args.memberList.push({ userID: 'mallory' })
  await made
  await ann.caughtUp()
  expect(await ann.group('ours')).toMatchObject({ name: 'Ours', memberNum: 2 })
})

test('a logout with an invalid choice is refused with 4504', async () => {
  const ann = createTestClient(createTestServer(), 'ann', { paused: true })
  await ann.apply('createGroup', { name: 'Crew' })
  for (const choice of [null, '', 'kept', 'KEEP', true, {}, ['discard']]) {
    expect(await ann.engine.logout(choice as never)).toMatchObject({ code: 4504 })
    expect((await ann.storage.read([{ table: 'outbox', scope: '' }])).answers).toMatchObject([
      [{ name: 'createGroup' }]
    ])
  }
})
