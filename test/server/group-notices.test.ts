/** Notices of the app's own server with wrong arguments. */

import { expect, onTestFinished, test } from 'vitest'
import { startServer, type GroupNotice } from '../../src/server/main.ts'
import { createTestServer } from '../harness.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { app } from './raw-client.ts'
import { request } from './sync-request.ts'

const wrong: readonly (readonly [notice: unknown, code: number])[] = [
  [undefined, 10004],
  ['crew', 10004],
  [{ groupID: 'crew' }, 10004],
  [{ groupID: 'crew', userDefinedField: 5 }, 10004],
  [{ groupID: 'crew', userDefinedField: 'a\0b' }, 10004],
  [{ groupID: 'crew', userDefinedField: 'a\ud800b' }, 10004],
  [{ groupID: 'crew', userDefinedField: 'é'.repeat(4001) }, 10004],
  [{ userDefinedField: 'x' }, 10004],
  [{ groupID: 5, userDefinedField: 'x' }, 10004],
  [{ groupID: 'nul\0', userDefinedField: 'x' }, 10015],
  [{ groupID: 'crew', userDefinedField: 'x', userIDs: 5 }, 10004],
  [{ groupID: 'crew', userDefinedField: 'x', userIDs: 'ann' }, 10004],
  [{ groupID: 'crew', userDefinedField: 'x', userIDs: ['ann', 5] }, 10004],
  [{ groupID: 'crew', userDefinedField: 'x', userIDs: ['a\0'] }, 10004],
  [{ groupID: 'crew', userDefinedField: 'x', userIDs: Array(100_001).fill('ann') }, 10005],
  [{ groupID: 'absent', userDefinedField: 'x' }, 10010]
]

test('a notice with a wrong argument is refused with a code', async () => {
  const database = createMemoryDatabase('e')
  const server = await startServer({ ...app, database })
  onTestFinished(() => server.close())
  await createTestServer({ database }).judge('ann', {
    name: 'createGroup',
    groupID: 'crew',
    args: { groupID: 'crew', name: 'Crew', memberList: [{ userID: 'bob' }] }
  })
  const codes = []
  for (const [notice] of wrong)
    codes.push(
      await server
        .sendGroupNotice(notice as GroupNotice)
        .catch((error: { code: unknown }) => error.code)
    )
  expect(codes).toEqual(wrong.map(([, code]) => code))

  await server.sendGroupNotice({ groupID: 'crew', userDefinedField: 'x'.repeat(8000) })
  await server.sendGroupNotice({ groupID: 'crew', userDefinedField: '', userIDs: ['bob', 'eve'] })
  await server.sendGroupNotice({ groupID: 'crew', userDefinedField: 'y', userIDs: [] })
  const lengths = await database.snapshot(async reader =>
    Promise.all(
      ['ann', 'bob', 'eve'].map(async userID =>
        (await reader.sync(userID, request)).events.flatMap(event =>
          event.kind === 'notice' ? (event.userDefinedField?.length ?? []) : []
        )
      )
    )
  )
  expect(lengths).toEqual([[8000], [8000, 0], []])
})
