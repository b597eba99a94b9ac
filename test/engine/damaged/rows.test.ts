/** Damaged base rows are forgotten and fetched again. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../../src/server/database/memory.ts'
import {
  bob,
  endClients,
  expectWell,
  prepare,
  refusals,
  server,
  startServer,
  waiting
} from './device.ts'
import {
  createRecords,
  stores,
  endless,
  gone,
  put,
  row,
  withPrototype,
  without,
  type Page
} from './records.ts'

beforeEach(() => startServer())
afterEach(endClients)

describe.each(stores)('damaged rows in the %s', store => {
  const { open, again, damage, nonsense } = createRecords(store)

  type Case = [title: string, table: string, scope: string, change: (page: Page) => unknown]
  const base: Case[] = [
    ...nonsense.map(([what, change]): Case => [`${what} for the position`, 'meta', '', change]),
    ['no position at all', 'meta', '', () => gone],
    ['an empty record for the position', 'meta', '', () => []],
    ['a position with an own prototype', 'meta', '', withPrototype],
    ['a position cut off after the user', 'meta', '', row(({ userID }) => ({ userID }))],
    ['a position without an epoch', 'meta', '', without('epoch')],
    ['a position with a number for an epoch', 'meta', '', put({ epoch: 1 })],
    ['a position with an epoch that no server has', 'meta', '', put({ epoch: endless.length })],
    ['a position without a policy', 'meta', '', without('policy')],
    [
      'a position with a policy in words',
      'meta',
      '',
      put({ policy: { adminsCanKick: 'no', groupsPerUserMax: 3000 } })
    ],
    ['a position in words', 'meta', '', put({ feed: '3' })],
    ['a position that is negative', 'meta', '', put({ feed: -1 })],
    ['a position that is a fraction', 'meta', '', put({ feed: 0.5 })],
    ['a position that is NaN', 'meta', '', put({ feed: NaN })],
    ['a position of 1e300', 'meta', '', put({ feed: 1e300 })],
    ['a position that the feed has not reached', 'meta', '', put({ feed: 999 })],
    ['a position that the feed has long left behind', 'meta', '', put({ feed: 1 })],
    ['a position with a clock in words', 'meta', '', put({ clockOffsetMs: '0' })],
    [
      'a position with a clock that is infinitely wrong',
      'meta',
      '',
      put({ clockOffsetMs: Infinity })
    ],

    ...nonsense.map(([what, change]): Case => [`${what} for a group`, 'groups', '', change]),
    ['no groups at all', 'groups', '', () => gone],
    ['an empty record for the groups', 'groups', '', () => []],
    ['a group with an own prototype', 'groups', '', withPrototype],
    ['a group without its ID', 'groups', '', without('groupID')],
    ['a group with a number for its ID', 'groups', '', put({ groupID: 5 })],
    ['a group under the ID of another', 'groups', '', put({ groupID: 'other' })],
    ['a group without a profile where there was one', 'groups', '', without('row')],
    [
      'a group with a text for a number',
      'groups',
      '',
      row(each => ({ ...each, row: { ...each['row'], memberNum: '3' } }))
    ],
    [
      'a group with a number for its type',
      'groups',
      '',
      row(each => ({ ...each, row: { ...each['row'], type: 5 } }))
    ],
    [
      'a group with null for its name',
      'groups',
      '',
      row(each => ({ ...each, row: { ...each['row'], name: null } }))
    ],
    [
      'a group with custom fields that are null',
      'groups',
      '',
      row(each => ({ ...each, row: { ...each['row'], groupCustomField: [null] } }))
    ],
    [
      'a group in which the role of the user is no word',
      'groups',
      '',
      row(each => ({ ...each, self: { ...each['self'], role: '\u0000' } }))
    ],
    ['a group at no position', 'groups', '', put({ seq: null })],
    ['a group at a position in words', 'groups', '', put({ seq: '1' })],
    ['a group at a negative position', 'groups', '', put({ seq: -1 })],
    ['a group at a position of 1e300', 'groups', '', put({ seq: 1e300 })],
    ['a group at a position that it has not reached', 'groups', '', put({ seq: 999 })],
    ['a group without a membership', 'groups', '', without('membershipEpoch')],
    ['a group of a membership to come', 'groups', '', put({ membershipEpoch: 99 })],
    ['a group whose members are held up to a number', 'groups', '', put({ membersUpTo: 5 })],

    ...nonsense.map(([what, change]): Case => [`${what} for attributes`, 'attributes', '', change]),
    ['attributes that are numbers', 'attributes', '', put({ entries: [{ key: 'a', value: 5 }] })],
    ['counters that are texts', 'counters', '', put({ entries: [{ key: 'a', value: '5' }] })],
    ['counters without their group', 'counters', '', without('groupID')],

    ...nonsense.map(([what, change]): Case => [`${what} for a member`, 'members', 'crew', change]),
    ['a text for the member that an operation is about', 'members', 'crew', row(() => 'carl', 2)],
    [
      'a number for the name of the member that an operation is about',
      'members',
      'crew',
      row(each => ({ ...each, nameCard: 5 }), 2)
    ],
    [
      'no ID of the member that an operation is about',
      'members',
      'crew',
      row(each => ({ ...each, userID: undefined }), 2)
    ],
    ['a member with an own prototype', 'members', 'crew', withPrototype],
    ['a member without an ID', 'members', 'crew', without('userID')],
    ['a member with a number for an ID', 'members', 'crew', put({ userID: 5 })],
    ['a member with a role of another build', 'members', 'crew', put({ role: 'King' })],
    ['a member who joined in words', 'members', 'crew', put({ joinTime: 'today' })],
    ['a member who is muted for ever and a fraction', 'members', 'crew', put({ muteUntil: 0.5 })],
    ['a member of another group', 'members', 'crew', put({ groupID: 'den' })],
    ['no members at all', 'members', 'crew', () => gone],
    ['an empty record for the members', 'members', 'crew', () => []],
    ['a member too few', 'members', 'crew', page => page.slice(1)],
    ['a number for oneself in an audio-video chat room', 'members', 'live', row(() => 5)],
    ['oneself without a role in an audio-video chat room', 'members', 'live', without('role')]
  ]
  test.each([[false], [true]])(
    'an undamaged device delivers pending operations (about a member: %s)',
    async isAboutMember => {
      await prepare(open, { isAboutMember })
      await expectWell(await again())
    }
  )

  test.each(base)(
    '%s is replaced by the rows of the server',
    async (_title, table, scope, change) => {
      // An operation about a member reads that member at the start.
      await prepare(open, { isAboutMember: table === 'members' })
      await damage(table, scope, change)
      const ann = await again()
      await expectWell(ann)
      expect(await refusals(ann)).toEqual([10021])
    }
  )

  test('a lost position makes the device forget all base rows', async () => {
    await prepare(open)
    startServer({ clock: server.clock, database: createMemoryDatabase('epoch-2') })
    await bob.settle('createGroup', {
      groupID: 'crew',
      name: 'Another',
      type: 'Public',
      memberList: [{ userID: 'ann' }]
    })
    await damage('meta', '', () => gone)
    const ann = await again()
    await expectWell(ann, { lost: waiting.length })
  })
})
