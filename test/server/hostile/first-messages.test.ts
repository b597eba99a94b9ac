/** The first message of a connection: anything but a valid hello ends it. */

import { expect, test } from 'vitest'
import { frameLimits, protocolVersion } from '../../../src/protocol/messages.ts'
import { createTestServer } from '../../harness.ts'
import { openLink, push } from '../raw-client.ts'
import { hello, manyKeys, members, openStage, operation, ping } from './stage.ts'

const { connect, expectAlive } = openStage()
const { groupsPerHelloMax } = frameLimits

/** JSON with a replaced part, for numbers that `JSON.stringify` cannot write. */
const written = (message: object, before: string, after: string) =>
  JSON.stringify(message).replace(before, after)

const messages: [title: string, message: unknown, error: number, close: number][] = [
  ['a ping', { type: 'ping' }, 2999, 4401],
  ['operations', push(operation), 2999, 4401],
  ['a request for members', members({}), 2999, 4401],
  [
    'a request for a profile',
    { type: 'read', request: 1, groupID: 'crew', search: false },
    2999,
    4401
  ],
  ['incomplete JSON', '{', 4509, 4400],
  ['a space', ' ', 4509, 4400],
  ['JSON in single quotes', "{'type':'ping'}", 4509, 4400],
  ['JSON with a trailing comma', '{"type":"ping",}', 4509, 4400],
  ['JSON with a comment', '{"type":"ping"/**/}', 4509, 4400],
  ['JSON after a byte order mark', `\ufeff${ping}`, 4509, 4400],
  ['a frame with two messages', ping + ping, 4509, 4400],
  ['null', 'null', 4509, 4400],
  ['a number', '1', 4509, 4400],
  ['a text', '"ping"', 4509, 4400],
  ['a list', '[]', 4509, 4400],
  ['a list with a message in it', `[${ping}]`, 4509, 4400],
  ['an empty object', '{}', 4509, 4400],
  ['a type that is a number', '{"type":5}', 4509, 4400],
  ['a type that is a list', '{"type":["ping"]}', 4509, 4400],
  ['an unknown type', '{"type":"drop"}', 2999, 4401],
  ['the type "toString"', '{"type":"toString"}', 2999, 4401],
  ['the type "__proto__"', '{"type":"__proto__"}', 2999, 4401],
  ['a type in the prototype', '{"__proto__":{"type":"ping"}}', 4509, 4400],
  ['a type of the server', '{"type":"welcome"}', 2999, 4401],
  ['a list nested 250,000 deep', '['.repeat(250_000), 4509, 4400],
  ['objects nested 40,000 deep', '{"a":'.repeat(40_000), 4509, 4400],
  [
    'a hello with 20,000 keys and no token',
    { ...hello('mallory'), token: undefined, ...manyKeys },
    4509,
    4400
  ],

  ['a hello with protocol 0', hello('mallory', { protocol: 0 }), 4508, 4429],
  [
    'a hello with the groups of protocol 1',
    hello('mallory', { protocol: 1, groups: { crew: [1, 1] } }),
    4508,
    4429
  ],
  [
    'a hello with the next protocol',
    hello('mallory', { protocol: protocolVersion + 1 }),
    4508,
    4429
  ],
  ['a hello with a protocol as text', hello('mallory', { protocol: '1' }), 4509, 4400],
  ['a hello with a negative protocol', hello('mallory', { protocol: -1 }), 4509, 4400],
  ['a hello with protocol 1.5', hello('mallory', { protocol: 1.5 }), 4509, 4400],
  ['a hello without a token', hello('mallory', { token: undefined }), 4509, 4400],
  ['a hello with a number for a token', hello('mallory', { token: 1 }), 4509, 4400],
  [
    'a hello with a token of 4,097 characters',
    hello('mallory', { token: 'x'.repeat(4097) }),
    4509,
    4400
  ],
  ['a hello without an epoch', hello('mallory', { epoch: undefined }), 4509, 4400],
  [
    'a hello with an epoch of 65 characters',
    hello('mallory', { epoch: 'x'.repeat(65) }),
    4509,
    4400
  ],
  ['a hello at a negative position', hello('mallory', { feed: -1 }), 4509, 4400],
  ['a hello at position 0.5', hello('mallory', { feed: 0.5 }), 4509, 4400],
  ['a hello at a position as text', hello('mallory', { feed: '0' }), 4509, 4400],
  ['a hello at position null', hello('mallory', { feed: null }), 4509, 4400],
  ['a hello at position 2^53', hello('mallory', { feed: 2 ** 53 }), 4509, 4400],
  ['a hello at a position of 1e308', hello('mallory', { feed: 1e308 }), 4509, 4400],
  [
    'a hello at an infinite position',
    written(hello('mallory'), '"feed":0', '"feed":1e309'),
    4509,
    4400
  ],
  ['a hello with groups by name', hello('mallory', { groups: { crew: [1, 1] } }), 4509, 4400],
  ['a hello without groups', hello('mallory', { groups: null }), 4509, 4400],
  [
    'a hello with a group without a position',
    hello('mallory', { groups: [['crew', 1]] }),
    4509,
    4400
  ],
  [
    'a hello with a group at negative positions',
    hello('mallory', { groups: [['crew', -1, -1]] }),
    4509,
    4400
  ],
  [
    'a hello with group positions as text',
    hello('mallory', { groups: [['crew', '1', '0']] }),
    4509,
    4400
  ],
  [
    'a hello with a group at fractional positions',
    hello('mallory', { groups: [['crew', 1.5, 0.5]] }),
    4509,
    4400
  ],
  [
    'a hello with a long group ID',
    hello('mallory', { groups: [['x'.repeat(65), 1, 1]] }),
    4509,
    4400
  ],
  ['a hello with an empty group ID', hello('mallory', { groups: [['', 1, 1]] }), 4509, 4400],
  [
    'a hello with one group over the limit',
    hello('mallory', {
      groups: Array.from({ length: groupsPerHelloMax + 1 }, (_, index) => [`${index}`, 1, 1])
    }),
    4509,
    4400
  ]
]
test.each(messages)('%s before login is refused', async (_title, message, error, code) => {
  const client = await connect()
  client.send(message)
  expect(await client.receive()).toMatchObject({ type: 'error', error: { code: error } })
  expect(await client.closed()).toBe(code)
  await expectAlive()
})

test('a connection without a hello ends with 2999 after 10 s', async () => {
  const server = createTestServer()
  const { transcript, isClosed } = await openLink(server)
  await server.clock.advance(9_990)
  expect(isClosed()).toBe(false)
  await server.clock.advance(100)
  expect(isClosed()).toBe(true)
  expect(transcript).toMatchObject([
    { to: 'client', message: { type: 'error', error: { code: 2999 } } }
  ])
})
