/**
 * Any value as an argument: by type, as texts, IDs, lists, custom fields and members. A value
 * without a code gets the usual code of its argument.
 */

import { limits } from '../../src/kernel/limits.ts'

export type Code = number | 'accepted'
export type Value = [what: string, value: unknown, code?: Code | undefined]

export const absent: Value[] = [
  ['that is left out', undefined],
  ['that is null', null]
]
export const notText: Value[] = [
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
export const notNumber: Value[] = [
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
export const optional = (values: Value[]): Value[] => [
  ...absent.map(([what, value]): Value => [what, value, 'accepted']),
  ...values
]
export const required = (values: Value[]): Value[] => [...absent, ...values]

/** A text of exactly so many bytes: the character as often as it fits, then ASCII. */
function textOf(bytes: number, character: string): string {
  const size = Buffer.byteLength(character)
  return character.repeat(Math.floor(bytes / size)) + 'a'.repeat(bytes % size)
}
export const lengths = (bytesMax: number): Value[] =>
  [
    ['ASCII', 'x'],
    ['three-byte characters', '群'],
    ['four-byte characters', '😀']
  ].flatMap(([kind = '', character = '']): Value[] => [
    [`of ${bytesMax} bytes of ${kind}`, textOf(bytesMax, character), 'accepted'],
    [`of ${bytesMax + 1} bytes of ${kind}`, textOf(bytesMax + 1, character)]
  ])
export const broken: Value[] = [
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
export const blank: Value[] = [
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
export const avatars: Value[] = [
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
export const groupIDs: Value[] = [
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
export const newGroupIDs: Value[] = [
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
export const userIDs: Value[] = [
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

export const userLists: Value[] = [
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
export const groupFields = customFields({
  fieldsMax: limits.groupCustomFieldsMax,
  valueBytesMax: limits.groupCustomFieldBytesMax
})
const memberFields = customFields({
  fieldsMax: limits.memberCustomFieldsMax,
  valueBytesMax: limits.memberCustomFieldBytesMax
})

export const memberLists: Value[] = [
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

export const illegal = (names: readonly string[]): Value[] =>
  names.map(name => [`that is "${name}"`, name])
export const choices: Value[] = [
  ...optional(notText),
  ...illegal(['', 'toString', '__proto__', 'constructor', ' Public', 'public'])
]

/** Values instead of an object of arguments. */
export const notArguments: Value[] = [
  ['nothing', undefined],
  ['null', null],
  ['a text', 'g'],
  ['a number', 1],
  ['a list', []],
  ['a function', () => ({})],
  ['an empty object', {}],
  ['a map', new Map([['groupID', 'g']])]
]
