/** The largest operations there can be reach the server. */

import { expect, test } from 'vitest'
import type { Args, OperationName } from '../../src/kernel/decide.ts'
import { createTestClient, createTestServer } from '../harness.ts'

const users = (count: number) =>
  Array.from({ length: count }, (_, index) => `user-${String(index).padStart(27, '0')}`)
const fields = (count: number, valueBytes: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `key${index}`.padEnd(16, '_'),
    value: 'x'.repeat(valueBytes)
  }))
const large: [title: string, times: number, name: OperationName, args: (index: number) => Args][] =
  [
    [
      'a group with 500 members who have all the custom fields there may be',
      1,
      'createGroup',
      () => ({
        groupID: 'big',
        name: 'Big',
        type: 'Public',
        memberList: users(500).map(userID => ({ userID, memberCustomField: fields(5, 64) }))
      })
    ],
    [
      '40 groups with 500 members each',
      40,
      'createGroup',
      index => ({
        groupID: `big${index}`,
        name: 'Big',
        type: 'Public',
        memberList: users(500).map(userID => ({ userID }))
      })
    ],
    [
      '50 changes of all the custom fields there may be',
      50,
      'updateGroupProfile',
      () => ({ groupID: 'crew', groupCustomField: fields(20, 512) })
    ]
  ]
test.each(large)('%s reach the server', async (_title, times, name, args) => {
  const ann = createTestClient(createTestServer(), 'ann')
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
  ann.network.cut()
  for (let index = 0; index < times; index++) await ann.apply(name, args(index))
  ann.network.restore()
  await ann.caughtUp()
  expect(await ann.verdicts()).toEqual([])
})
