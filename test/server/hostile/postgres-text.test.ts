/** PostgreSQL stores neither NUL nor a lone surrogate, so the server refuses both before. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { must } from '../../../src/kernel/must.ts'
import type { PushedOperation } from '../../../src/protocol/messages.ts'
import { startServer, type SyncServer } from '../../../src/server/main.ts'
import { databases } from '../databases.ts'
import { push } from '../raw-client.ts'
import { app, closeAfterEach, loginTo, members, on, operation } from './stage.ts'

const errors: unknown[] = []
let server: SyncServer
closeAfterEach()
beforeAll(async () => {
  server = await startServer({
    ...app,
    database: await must(databases['PGlite'])(),
    onError: error => errors.push(error)
  })
  const ann = await loginTo(server, 'ann')
  expect(await ann.judge(on('crew', 'createGroup', { name: 'Crew', type: 'Public' }))).toBe(
    'applied'
  )
})
afterEach(() => void errors.splice(0))
afterAll(() => server.close())

const good = {
  ...operation,
  name: 'deleteGroupMember',
  args: { groupID: 'crew', userIDList: ['nobody'] }
}
const messages: [title: string, message: unknown, code: number][] = [
  ['an operation ID with NUL', push(good, { ...good, opID: '\u0000' }), 4509],
  ['an operation ID with a lone surrogate', push(good, { ...good, opID: '\ud83d' }), 4509],
  ['a predecessor with NUL', push(good, { ...good, opID: 'next', after: '\u0000' }), 4509],
  ['a group ID with NUL', push({ ...good, groupID: '\u0000', args: { groupID: '\u0000' } }), 4509],
  [
    'a group ID with a lone surrogate',
    push({ ...good, groupID: '\ud83d', args: { groupID: '\ud83d' } }),
    4509
  ],
  ['an operation name with NUL', push({ ...good, name: '\u0000' }), 4509],
  ['an operation name with a lone surrogate', push({ ...good, name: '\ud83d' }), 4509],
  ['a request for members after NUL', members({ after: '\u0000' }), 4509],
  [
    'a profile request with NUL',
    { type: 'read', request: 1, groupID: '\u0000', search: false },
    4509
  ]
]
test.each(messages)('%s causes no database error', async (_title, message, code) => {
  const ann = await loginTo(server, 'ann')
  ann.send(message)
  expect(await ann.receive()).toMatchObject({ type: 'error', error: { code } })
  expect(errors).toEqual([])
})

const refused: [title: string, operation: Partial<PushedOperation>, code: number][] = [
  [
    'arguments about a group with NUL',
    { ...on('crew', 'quitGroup'), args: { groupID: '\u0000' } },
    10015
  ],
  [
    'arguments about a group with a lone surrogate',
    { ...on('crew', 'quitGroup'), args: { groupID: '\ud83d' } },
    10015
  ],
  ['a role with NUL', on('crew', 'setGroupMemberRole', { userID: 'bob', role: '\u0000' }), 2683],
  [
    'a role with a lone surrogate',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: '\ude00' }),
    2683
  ],
  ['a user with NUL', on('crew', 'setGroupMemberRole', { userID: '\u0000', role: 'Admin' }), 10004],
  ['a type with NUL', on('new', 'createGroup', { name: 'x', type: '\u0000' }), 2600],
  ['a text with NUL', on('crew', 'updateGroupProfile', { name: '\u0000' }), 10004],
  [
    'a custom field with a lone surrogate',
    on('crew', 'updateGroupProfile', { groupCustomField: [{ key: 'a', value: '\ud83d' }] }),
    10004
  ]
]
test.each(refused)('%s causes no database error', async (_title, operation, code) => {
  const ann = await loginTo(server, 'ann')
  expect(await ann.judge(operation)).toBe(code)
  expect(errors).toEqual([])
})
