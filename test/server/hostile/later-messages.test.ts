/** Messages after login that break the schema: each ends the connection with 4509. */

import { expect, test } from 'vitest'
import { frameLimits } from '../../../src/protocol/messages.ts'
import { createStuckDatabase, createTestServer } from '../../harness.ts'
import { hello as helloWith, openLink, push } from '../raw-client.ts'
import { hello, memberPage, members, openStage, operation } from './stage.ts'

const { login, expectAlive } = openStage()
const { operationsPerPushMax, membersPerPageMax } = frameLimits

const messages: [title: string, message: unknown][] = [
  ['a second hello', hello('mallory')],
  ['a hello of another user', hello('ann')],
  ['no operations', push()],
  [
    `${operationsPerPushMax + 1} operations`,
    push(
      ...Array.from({ length: operationsPerPushMax + 1 }, (_, index) => ({
        ...operation,
        opID: `n${index}`
      }))
    )
  ],
  ['operations that are an object', { type: 'push', operations: { 0: operation, length: 1 } }],
  ['an operation that is null', { type: 'push', operations: [null] }],
  ['an operation without an ID', push({ ...operation, opID: undefined })],
  ['an operation with an empty ID', push({ ...operation, opID: '' })],
  ['an operation with an ID of 65 characters', push({ ...operation, opID: 'x'.repeat(65) })],
  ['an operation with a number for an ID', push({ ...operation, opID: 1 })],
  ['an operation without a name', push({ ...operation, name: null })],
  ['an operation with a name of 41 characters', push({ ...operation, name: 'x'.repeat(41) })],
  ['an operation without arguments', push({ ...operation, args: undefined })],
  ['an operation with null for arguments', push({ ...operation, args: null })],
  ['an operation with a text for arguments', push({ ...operation, args: 'crew' })],
  ['an operation with a long argument name', push({ ...operation, args: { ['x'.repeat(65)]: 1 } })],
  [
    'an operation with arguments nested 13 deep',
    push({ ...operation, args: { x: [[[[[[[[[[]]]]]]]]]] } })
  ],
  ['an operation with an empty group ID', push({ ...operation, groupID: '' })],
  ['an operation with a long group ID', push({ ...operation, groupID: 'x'.repeat(65) })],
  ['an operation with a numeric group ID', push({ ...operation, groupID: 1 })],
  ['an operation after null', push({ ...operation, after: null })],
  ['an operation after an empty ID', push({ ...operation, after: '' })],
  ['an operation without a seen position', push({ ...operation, seen: undefined })],
  ['an operation with a negative seen position', push({ ...operation, seen: -1 })],
  ['an operation with a fractional seen position', push({ ...operation, seen: 0.5 })],
  ['an operation with the seen position 2^53', push({ ...operation, seen: 2 ** 53 })],
  ['an operation with the seen position 1e308', push({ ...operation, seen: 1e308 })],
  [
    'one good operation and a bad one',
    push({ ...operation, args: { groupID: 'crew' } }, { ...operation, seen: '1' })
  ],
  ['a request for no members', members({ limit: 0 })],
  ['a request for a negative number of members', members({ limit: -1 })],
  ['a request for 0.5 members', members({ limit: 0.5 })],
  ['a request for one member over the limit', members({ limit: membersPerPageMax + 1 })],
  ['a request for members after a number', members({ after: 0 })],
  ['a request for members after 65 characters', members({ after: 'x'.repeat(65) })],
  ['a request for members of group ""', members({ groupID: '' })],
  ['a profile request without a number', { type: 'read', groupID: 'crew', search: false }],
  [
    'a profile request with a negative number',
    { type: 'read', request: -1, groupID: 'crew', search: false }
  ],
  ['a profile request for a list', { type: 'read', request: 1, groupID: ['crew'], search: false }],
  ['a profile request for an empty ID', { type: 'read', request: 1, groupID: '', search: false }],
  ['a request for a page without a number', memberPage({ request: undefined })],
  ['a request for a page of no members', memberPage({ limit: 0 })],
  ['a request for a page over the limit', memberPage({ limit: membersPerPageMax + 1 })],
  ['a request for a page from a negative offset', memberPage({ offset: -1 })],
  ['a request for a page from the offset 2^53', memberPage({ offset: 2 ** 53 })],
  ['a request for a page with a list for a role', memberPage({ role: ['Admin'] })],
  ['a request for a page of a user without a list', memberPage({ userIDList: 'ann' })],
  ['a request for a page of nobody', memberPage({ userIDList: [] })],
  [
    'a request for a page of 501 users',
    memberPage({ userIDList: Array.from({ length: 501 }, () => 'ann') })
  ],
  ['a text other than JSON', 'Hello?']
]
test.each(messages)('%s is refused with 4509', async (_title, message) => {
  const client = await login('mallory')
  client.send(message)
  expect(await client.receive()).toMatchObject({ type: 'error', error: { code: 4509 } })
  expect(await client.closed()).toBe(4400)
  await expectAlive()
})

test('a client with too many unjudged operations is refused with 10006', async () => {
  const { transcript, isClosed, send } = await openLink(
    createTestServer({ database: createStuckDatabase('transaction') })
  )
  await send(helloWith('ann', { epoch: 'e' }))
  for (let count = 0; count < 50; count++) {
    const operations = Array.from({ length: operationsPerPushMax }, () => ({
      ...operation,
      opID: `${count}`
    }))
    await send(push(...operations))
  }
  expect(isClosed()).toBe(true)
  expect(transcript.at(-1)).toMatchObject({
    to: 'client',
    message: { type: 'error', error: { code: 10006 } }
  })
})
