/**
 * Any value as an argument. The decision is a code, or changes of well-formed rows. The caller's
 * object stays as it was, and nothing else changes.
 */

import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OperationName } from '../../src/kernel/decide.ts'
import { limits } from '../../src/kernel/limits.ts'
import { groupRow, memberRow } from '../../src/protocol/rows.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'
import { codeOf, group, judge, populated, type As } from './world.ts'

type Code = number | 'accepted'
type Case = [title: string, operation: Known, args: unknown, code: Code]
type Value = [what: string, value: unknown, code?: Code | undefined]

/** Accepted arguments, with their actor. */
const good = {
  createGroup: { args: { groupID: 'new', name: 'Crew', type: 'Public' }, as: 'owner' },
  updateGroupProfile: { args: { groupID: 'g', name: 'Boat' }, as: 'owner' },
  joinGroup: { args: { groupID: 'g' }, as: 'somebody' },
  quitGroup: { args: { groupID: 'g' }, as: 'member' },
  dismissGroup: { args: { groupID: 'g' }, as: 'owner' },
  addGroupMember: {
    args: { groupID: 'g', userIDList: ['new'] },
    as: { actor: 'app', isAppAdmin: true }
  },
  deleteGroupMember: { args: { groupID: 'g', userIDList: ['member'] }, as: 'owner' },
  setGroupMemberRole: { args: { groupID: 'g', userID: 'member', role: 'Admin' }, as: 'owner' }
} satisfies Partial<
  Record<OperationName, { args: Readonly<Record<string, unknown>>; as: As | string }>
>
type Known = keyof typeof good
// The object has exactly the keys of its type.
const operations = Object.keys(good) as Known[]

const titled = (operation: Known, what: string, code: Code) =>
  code === 'accepted' ? `${operation} takes ${what}` : `${operation} refuses ${what}: ${code}`

/** One case per value of one argument. The other arguments are accepted ones. */
const each = (operation: Known, argument: string, values: Value[], usual: Code = 10004): Case[] =>
  values.map(([what, value, code = usual]) => [
    titled(operation, `${/^[ai]/.test(argument) ? 'an' : 'a'} ${argument} ${what}`, code),
    operation,
    { ...good[operation].args, [argument]: value },
    code
  ])

const absent: Value[] = [
  ['that is left out', undefined],
  ['that is null', null]
]
const notText: Value[] = [
  ['that is a number', 42],
  ['that is NaN', NaN],
  ['that is a bigint', 1n],
  ['that is a truth value', true],
  ['that is a symbol', Symbol('x')],
  ['that is a function', () => 'x'],
  ['that is a list with a text in it', ['g']],
  ['that is an object with a toString', { toString: () => 'g' }],
  ['that is a String object', Object('g')]
]
const notNumber: Value[] = [
  ['that is a text', '200'],
  ['that is an empty text', ''],
  ['that is NaN', NaN],
  ['that is infinite', Infinity],
  ['that is a fraction', 200.5],
  ['that is a bigint', 200n],
  ['that is a truth value', true],
  ['that is a list', [200]],
  ['that is an object with a valueOf', { valueOf: () => 200 }]
]
const notList: Value[] = [
  ['that is a text', 'member'],
  ['that is a number', 1],
  ['that is an object', {}],
  ['that is something like a list', { 0: 'member', length: 1 }],
  ['that is a set', new Set(['member'])],
  ['that is bytes', new Uint8Array(1)],
  ['that is a truth value', true],
  ['that is a function', () => ['member']]
]
const optional = (values: Value[]): Value[] => [
  ...absent.map(([what, value]): Value => [what, value, 'accepted']),
  ...values
]
const required = (values: Value[]): Value[] => [...absent, ...values]

/** A text of exactly so many bytes: the character as often as it fits, then ASCII. */
function textOf(bytes: number, character: string): string {
  const size = Buffer.byteLength(character)
  return character.repeat(Math.floor(bytes / size)) + 'a'.repeat(bytes % size)
}
const lengths = (bytesMax: number): Value[] =>
  [
    ['ASCII', 'x'],
    ['three-byte characters', '群'],
    ['four-byte characters', '😀']
  ].flatMap(([kind = '', character = '']): Value[] => [
    [`of ${bytesMax} bytes of ${kind}`, textOf(bytesMax, character), 'accepted'],
    [`of ${bytesMax + 1} bytes of ${kind}`, textOf(bytesMax + 1, character)]
  ])
const broken: Value[] = [
  ['with half a surrogate pair', 'Crew\ud83d'],
  ['with the other half', '\ude00Crew'],
  ['with a surrogate pair the wrong way round', '\ude00\ud83d'],
  ['with NUL', 'Cr\u0000ew'],
  ['with an escape character', 'Cr\u001bew'],
  ['with a delete character', 'Cr\u007few'],
  ['with a control character beyond ASCII', 'Cr\u009bew'],
  ['with markup', '<img src=x onerror=alert(1)>', 'accepted'],
  ['with a letter that turns the direction', 'Cr\u202eew', 'accepted'],
  ['with letters that are joined by zero-width characters', '👩\u200d🚀', 'accepted'],
  ['that names a prototype', '__proto__', 'accepted'],
  ['that names a constructor', 'constructor', 'accepted']
]
const blank: Value[] = [
  ['that is empty', ''],
  ['of spaces', '   '],
  ['of ideographic spaces', '\u3000\u3000'],
  ['of a zero-width space', '\u200b'],
  ['of a zero-width joiner', '\u200d'],
  ['of a byte order mark', '\ufeff'],
  ['of a soft hyphen', '\u00ad'],
  ['of a word joiner', '\u2060'],
  ['of a combining grapheme joiner', '\u034f'],
  ['of a variation selector', '\ufe0f'],
  ['of a Hangul filler', '\u3164'],
  ['of a blank Braille pattern', '\u2800'],
  ['of a combining mark', '\u0301'],
  ['of a private-use character', '\ue000'],
  ['with a line break', 'Crew\n2']
]
const avatars: Value[] = [
  ['of https:', 'https://example.org/a.png', 'accepted'],
  ['of http: in capitals', 'HTTP://example.org/a.png', 'accepted'],
  ['that is a path', '/a.png', 'accepted'],
  ['that is empty', '', 'accepted'],
  ['of javascript:', 'javascript:alert(1)'],
  ['of javascript: in capitals', 'JaVaScRiPt:alert(1)'],
  ['of javascript: behind a space', ' javascript:alert(1)'],
  ['of javascript: behind a line break', '\njavascript:alert(1)'],
  ['of javascript: with a tab in it, which browsers drop', 'java\tscript:alert(1)'],
  ['of javascript: with a line break in it, which browsers drop', 'java\nscript:alert(1)'],
  ['of javascript: with a tab before the colon', 'javascript\t:alert(1)'],
  ['of data:', 'data:text/html,<script>alert(1)</script>'],
  ['of vbscript:', 'vbscript:x'],
  ['of file:', 'file:///etc/passwd'],
  ['of blob:', 'blob:https://example.org/1'],
  ['that names another host and no scheme', '//evil.example/a.png'],
  ['that names another host behind backslashes, which browsers turn', '\\\\evil.example/a.png'],
  ['that names another host behind mixed slashes', '/\\evil.example/a.png'],
  ['that names another host behind a tab, which browsers drop', '/\t/evil.example/a.png']
]
const groupIDs: Value[] = [
  ...required(notText),
  ['that is empty', ''],
  ['of 48 characters that no group has', 'x'.repeat(48), 10010],
  ['of 49 characters', 'x'.repeat(49), 10015],
  ['beyond ASCII', '群', 10015],
  ['with NUL', 'g\u0000', 10015],
  ['with a line break at the end', 'g\n', 10015],
  ['with half a surrogate pair', 'g\ud83d', 10015],
  ['of one that the store made up and no group has', '@TGS#0123456789012345678901', 10010],
  ['of a space', ' ', 10010],
  ['with a path in it', '../g', 10010],
  ['that names a prototype', '__proto__', 10010],
  ['that names a constructor', 'constructor', 10010]
]
const newGroupIDs: Value[] = [
  ...optional(notText),
  ['that is empty', '', 'accepted'],
  ['of 48 characters', 'x'.repeat(48), 'accepted'],
  ['of 49 characters', 'x'.repeat(49)],
  ['beyond ASCII', '群'],
  ['with NUL', 'g\u0000'],
  ['with a line break at the end', 'new\n'],
  ['that only the store may give', '@TGS#new'],
  ['of the form that the store gives', '@TGS#0123456789012345678901'],
  ['of spaces', '   '],
  ['with spaces', 'a new group', 'accepted'],
  ['that names a prototype', '__proto__', 'accepted'],
  ['that is taken', 'g', 10025]
]
const userIDs: Value[] = [
  ...required(notText),
  ['that is empty', ''],
  ['of spaces', '   '],
  ['of 33 characters', 'x'.repeat(33)],
  ['beyond ASCII', 'Zoë'],
  ['of an emoji', '😀'],
  ['with NUL', 'new\u0000'],
  ['with a line break at the end', 'new\n']
]
const users = (count: number) => Array.from({ length: count }, (_, index) => `user${index}`)
const sparse = <T>(item: T): T[] => Object.assign([], { 1: item })
const endless: Value = [
  'whose length is four billion',
  Object.assign([], { length: 4_294_967_295 })
]

const userLists: Value[] = [
  ...required(notList),
  ['that is empty', []],
  ['of holes', Object.assign([], { length: 3 })],
  endless,
  ['with a hole in it', sparse('member')],
  ['of lists', [['member']]],
  ['of objects, as members have', [{ userID: 'member' }]],
  ['of 500 users', users(500), 'accepted'],
  ['of 501 users', users(501), 10005],
  ['of 501 times the same', Array.from({ length: 501 }, () => 'member'), 10005],
  ['that names somebody twice', ['member', 'member2', 'member'], 'accepted'],
  ['that names a prototype', ['__proto__', 'constructor'], 'accepted'],
  ['with a map of its own', Object.assign(['member'], { map: () => [42] }), 'accepted'],
  ...userIDs.map(([what, value]): Value => [`with a user ${what}`, ['member2', value]]),
  ['with a user of 32 characters', ['x'.repeat(32)], 'accepted']
]

const fields = (count: number, value = 'x') =>
  Array.from({ length: count }, (_, index) => ({ key: `key${index}`, value }))
const customFields = ({
  fieldsMax,
  valueBytesMax
}: {
  fieldsMax: number
  valueBytesMax: number
}): Value[] => [
  ...optional(notList),
  ['that is empty', [], 'accepted'],
  ['with a hole in it', sparse({ key: 'a', value: 'b' })],
  endless,
  ['of texts', ['key']],
  ['of null', [null]],
  ['of pairs', [['key', 'value']]],
  [`of ${fieldsMax} fields`, fields(fieldsMax), 'accepted'],
  [`of ${fieldsMax + 1} fields`, fields(fieldsMax + 1)],
  ['with a key twice', [...fields(1), ...fields(1, 'y')], 'accepted'],
  [
    'with a property that fields do not have',
    [{ key: 'a', value: 'b', role: 'Owner' }],
    'accepted'
  ],
  ...[...absent, ...notText, ['that is empty', ''] as Value].map(([what, key]): Value => [
    `with a key ${what}`,
    [{ key, value: 'x' }]
  ]),
  ['with a key of 16 characters', [{ key: 'x'.repeat(16), value: 'x' }], 'accepted'],
  ['with a key of 33 characters', [{ key: 'x'.repeat(33), value: 'x' }]],
  ['with a key with a space in it', [{ key: 'a b', value: 'x' }]],
  ['with a key with a dot in it', [{ key: 'constructor.prototype', value: 'x' }]],
  ['with a key beyond ASCII', [{ key: 'ключ', value: 'x' }]],
  ['with a key that names a prototype', [{ key: '__proto__', value: 'x' }], 'accepted'],
  ['with a key that names a constructor', [{ key: 'constructor', value: 'x' }], 'accepted'],
  ...optional(notText).map(([what, value, code]): Value => [
    `with a value ${what}`,
    [{ key: 'a', value }],
    code
  ]),
  ...[...lengths(valueBytesMax), ...broken].map(([what, value, code]): Value => [
    `with a value ${what}`,
    [{ key: 'a', value }],
    code
  ])
]
const groupFields = customFields({
  fieldsMax: limits.groupCustomFieldsMax,
  valueBytesMax: limits.groupCustomFieldBytesMax
})
const memberFields = customFields({
  fieldsMax: limits.memberCustomFieldsMax,
  valueBytesMax: limits.memberCustomFieldBytesMax
})

const memberLists: Value[] = [
  ...optional(notList),
  ['that is empty', [], 'accepted'],
  ['with a hole in it', sparse({ userID: 'a' })],
  endless,
  ['of texts', ['member']],
  ['of null', [null]],
  ['of lists', [['member']]],
  ['of 500 members', users(500).map(userID => ({ userID })), 'accepted'],
  ['of 501 members', users(501).map(userID => ({ userID })), 10005],
  [
    'with a property that members do not have',
    [{ userID: 'a', joinTime: -1, muteUntil: 'x' }],
    'accepted'
  ],
  ...userIDs.map(([what, userID]): Value => [`with a user ${what}`, [{ userID }]]),
  ...optional(notText).map(([what, role, code]): Value => [
    `with a role ${what}`,
    [{ userID: 'a', role }],
    code
  ]),
  ...['Owner', 'Member', 'admin', '', '__proto__'].map((role): Value => [
    `with the role "${role}"`,
    [{ userID: 'a', role }]
  ]),
  ...memberFields.map(([what, memberCustomField, code]): Value => [
    `with custom fields ${what}`,
    [{ userID: 'a', memberCustomField }],
    code
  ])
]

const illegal = (names: readonly string[]): Value[] =>
  names.map(name => [`that is "${name}"`, name])
const choices: Value[] = [
  ...optional(notText),
  ...illegal(['', 'toString', '__proto__', 'constructor', ' Public', 'public'])
]

/** Values instead of an object of arguments. */
const notArguments: Value[] = [
  ['nothing', undefined],
  ['null', null],
  ['a text', 'g'],
  ['a number', 1],
  ['a list', []],
  ['a function', () => ({})],
  ['an empty object', {}],
  ['a map', new Map([['groupID', 'g']])]
]

const cases: Case[] = [
  ...operations.flatMap(operation =>
    notArguments.map(([what, args]): Case => [
      titled(operation, `${what} for arguments`, 10004),
      operation,
      args,
      10004
    ])
  ),
  ...operations.flatMap((operation): Case[] => {
    const { args } = good[operation]
    const inherited: unknown = Object.create(args)
    const bare: unknown = Object.assign(Object.create(null), args)
    const more = {
      ownerID: 'me',
      memberNum: -1,
      isAppAdmin: true,
      constructor: { prototype: { x: 1 } }
    }
    return [
      [titled(operation, 'good arguments', 'accepted'), operation, args, 'accepted'],
      [titled(operation, 'arguments without a prototype', 'accepted'), operation, bare, 'accepted'],
      [
        titled(operation, 'a prototype among the arguments', 'accepted'),
        operation,
        withPrototypeKey(args),
        'accepted'
      ],
      [
        titled(operation, 'properties that it does not know', 'accepted'),
        operation,
        { ...args, ...more },
        'accepted'
      ],
      [titled(operation, 'arguments that are inherited', 10004), operation, inherited, 10004]
    ]
  }),
  ...operations
    .filter(name => name !== 'createGroup')
    .flatMap(name => each(name, 'groupID', groupIDs)),

  ...each('createGroup', 'groupID', newGroupIDs),
  ...each('createGroup', 'name', [
    ...required(notText),
    ...blank,
    ...lengths(limits.nameBytesMax),
    ...broken
  ]),
  ...each('createGroup', 'type', [...choices, ...illegal(['Community', 'Work'])], 2600),
  ...each('createGroup', 'introduction', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(240),
    ...broken
  ]),
  ...each('createGroup', 'introduction', [['of several lines', 'a\tb\r\nc', 'accepted']]),
  ...each('createGroup', 'notification', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(300),
    ...broken
  ]),
  ...each('createGroup', 'avatar', [...optional(notText), ...avatars, ...lengths(100)]),
  ...each('createGroup', 'maxMemberNum', [
    ...optional(notNumber),
    // A full group takes precedence over an argument over its limit.
    ['that is zero', 0, 10014],
    ['that is negative', -1, 10014],
    ['that is that of the type', 2000, 'accepted'],
    ['over that of the type', 2001],
    ['over what a number of 32 bits can be', 2 ** 32],
    ['of 1e308', 1e308]
  ]),
  ...each('createGroup', 'joinOption', choices),
  ...each('createGroup', 'memberList', memberLists),
  ...each('createGroup', 'groupCustomField', groupFields),

  ...each('updateGroupProfile', 'name', [
    ...optional(notText),
    ...blank,
    ...lengths(limits.nameBytesMax),
    ...broken
  ]),
  ...each('updateGroupProfile', 'introduction', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(240),
    ...broken
  ]),
  ...each('updateGroupProfile', 'notification', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(300),
    ...broken
  ]),
  ...each('updateGroupProfile', 'avatar', [...optional(notText), ...avatars, ...lengths(100)]),
  ...each('updateGroupProfile', 'maxMemberNum', [
    ...optional(notNumber),
    ['that is zero', 0],
    ['that is negative zero', -0],
    ['that is negative', -1],
    ['of fewer than are in', 3],
    ['of as many as are in', 4, 'accepted'],
    ['that is that of the type', 2000, 'accepted'],
    ['over that of the type', 2001],
    ['of 1e308', 1e308]
  ]),
  ...each('updateGroupProfile', 'joinOption', choices),
  ...each('updateGroupProfile', 'muteAllMembers', [
    ...absent.map(([what, value]): Value => [what, value, 'accepted']),
    ['that is a number', 1],
    ['that is a text', 'On'],
    ['that is a Boolean object', Object(true)],
    ['that is a list', [true]],
    ['that is true', true, 'accepted']
  ]),
  ...each('updateGroupProfile', 'groupCustomField', groupFields),

  ...each('joinGroup', 'applyMessage', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(300),
    ...broken
  ]),
  ...each('joinGroup', 'type', choices, 2600),
  ...each('joinGroup', 'type', [['of groups that nobody can join', 'Private', 2601]]),

  ...each('addGroupMember', 'userIDList', userLists),
  ...each('deleteGroupMember', 'userIDList', userLists),
  ...each('deleteGroupMember', 'userIDList', [
    ['that names the owner', ['member', 'owner']],
    ['that names nobody in the group', ['nobody'], 'accepted']
  ]),
  ...each('deleteGroupMember', 'reason', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(300),
    ...broken
  ]),

  ...each('setGroupMemberRole', 'userID', [
    ...userIDs,
    ['of 32 characters that nobody in the group has', 'x'.repeat(32)],
    ['that names a prototype', '__proto__'],
    ['of the caller', 'owner', 2684]
  ]),
  ...each('setGroupMemberRole', 'role', [...required(notText), ['that is empty', '']]),
  ...each(
    'setGroupMemberRole',
    'role',
    illegal(['Owner', 'admin', ' Admin', 'toString', '__proto__', 'x'.repeat(33)]),
    2683
  )
]

function withPrototypeKey(args: object): unknown {
  const text = JSON.stringify(args)
  return JSON.parse(`{"__proto__":{"role":"Owner","isAppAdmin":true},${text.slice(1)}`)
}

/** The lane of a call, as the store derives it. */
function laneOf(args: unknown): string {
  const groupID: unknown =
    typeof args === 'object' && args !== null && 'groupID' in args ? args.groupID : undefined
  return typeof groupID === 'string' && groupID !== '' ? groupID : '@TGS#0123456789012345678901'
}

/** Code that changes a frozen object throws. */
function freeze<T>(value: T): T {
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.isFrozen(value) ||
    ArrayBuffer.isView(value)
  )
    return value
  for (const each of Object.values(value)) freeze(each)
  return Object.freeze(value)
}

const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype]
const clean = prototypes.map(prototype => Reflect.ownKeys(prototype))
afterEach(() => expect(prototypes.map(prototype => Reflect.ownKeys(prototype))).toEqual(clean))

const known = {
  groups: Object.keys(group()).sort(),
  members: Object.keys(populated().get(memberOf('owner')) ?? {}).sort()
}
function memberOf(id: string) {
  return { table: 'members', scope: 'g', id } as const
}

describe('the kernel', () => {
  test.each(cases)('%s', (_title, operation, args, code) => {
    const world = populated({ maxMemberNum: 2000 })
    const before = JSON.stringify(world.rows())
    const decision = judge(world, operation, freeze(args), good[operation].as, laneOf(args))
    expect(codeOf(decision)).toBe(code)
    expect(JSON.stringify(world.rows())).toBe(before)
    for (const { table, id, row } of decision.kind === 'accept' ? decision.changes : []) {
      const isGroup = table === 'groups'
      if (row === null || (!isGroup && table !== 'members')) continue
      expect(
        v.is(isGroup ? groupRow : memberRow, row),
        `a well-formed row: ${JSON.stringify(row)}`
      ).toBe(true)
      expect([Object.keys(row).sort(), Reflect.get(row, isGroup ? 'groupID' : 'userID')]).toEqual([
        known[table],
        id
      ])
    }
  })

  test('a user who is listed twice counts once', () => {
    const args = { groupID: 'g', userIDList: ['a', 'b', 'a'] }
    expect(judge(populated(), 'addGroupMember', args, good.addGroupMember.as)).toMatchObject({
      result: { successUserIDList: ['a', 'b'] }
    })
  })

  test('a group has at most 20 custom fields over several updates', () => {
    const world = populated({ groupCustomField: fields(20) })
    const update = (key: string) =>
      codeOf(
        judge(world, 'updateGroupProfile', {
          groupID: 'g',
          groupCustomField: [{ key, value: 'z' }]
        })
      )
    expect([update('key0'), update('key20')]).toEqual(['accepted', 10004])
  })
})

describe('the store', () => {
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
    expect(await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })).toMatchObject(
      { kind: 'applied', seq: 2 }
    )
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
})

test('a logout with another word than keep, flush or discard is refused: 4504', async () => {
  const ann = createTestClient(createTestServer(), 'ann', { paused: true })
  await ann.apply('createGroup', { name: 'Crew' })
  for (const choice of [null, '', 'kept', 'KEEP', true, {}, ['discard']]) {
    expect(await ann.engine.logout(choice as never)).toMatchObject({ code: 4504 })
    expect((await ann.storage.read([{ table: 'outbox', scope: '' }])).answers).toMatchObject([
      [{ name: 'createGroup' }]
    ])
  }
})
