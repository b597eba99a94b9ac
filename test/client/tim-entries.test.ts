/** The TIM calls about attributes and counters, and their events. */

import { beforeEach, expect, test } from 'vitest'
import TIM, { type IMError, type Tim, type TimEventData } from '../../src/tim/tim.ts'
import { logIn, openServer } from './page.ts'

const { GROUP_ATTRIBUTES_UPDATED, GROUP_COUNTER_UPDATED } = TIM.EVENT
const groupID = 'crew'
let ann: Tim
let bob: Tim
let as: (userID: string) => Promise<Tim>

beforeEach(async () => {
  const { url } = await openServer({ appAdmins: ['root'] })
  as = userID => logIn(url, userID)
  ann = await logIn(url, 'ann')
  bob = await logIn(url, 'bob')
  await ann.createGroup({ groupID, name: 'Crew', type: 'Public', memberList: [{ userID: 'bob' }] })
  await expect.poll(async () => (await bob.getGroupList()).data.groupList.length).toBe(1)
})

function attributeEvents(tim: Tim) {
  const received: TimEventData[typeof GROUP_ATTRIBUTES_UPDATED][] = []
  tim.on(GROUP_ATTRIBUTES_UPDATED, ({ data }) => received.push(data))
  return received
}

test('attributes reach another member with an event', async () => {
  const [own, received] = [attributeEvents(ann), attributeEvents(bob)]
  const groupAttributes = { seat: 'ann', light: 'on' }
  const answer = await ann.initGroupAttributes({ groupID, groupAttributes })
  expect(answer.data).toEqual({ groupAttributes })
  await expect.poll(() => received.length).toBe(1)
  await bob.setGroupAttributes({ groupID, groupAttributes: { light: 'off' } })
  await expect.poll(() => own.length).toBe(2)
  const removed = await ann.deleteGroupAttributes({ groupID, keyList: ['seat', 'none'] })
  expect(removed.data).toEqual({ keyList: ['seat'] })
  await expect.poll(() => received.length).toBe(3)
  const events = [
    { groupID, groupAttributes, updatedKeyList: ['seat', 'light'], deletedKeyList: [] },
    {
      groupID,
      groupAttributes: { seat: 'ann', light: 'off' },
      updatedKeyList: ['light'],
      deletedKeyList: []
    },
    { groupID, groupAttributes: { light: 'off' }, updatedKeyList: [], deletedKeyList: ['seat'] }
  ]
  expect(received).toEqual(events)
  expect(own).toEqual(events)
  expect((await bob.getGroupAttributes({ groupID })).data.groupAttributes).toEqual({ light: 'off' })
  const some = await bob.getGroupAttributes({ groupID, keyList: ['seat'] })
  expect(some.data.groupAttributes).toEqual({})
})

test('a counter is set, increased and decreased with an event each', async () => {
  const received: TimEventData[typeof GROUP_COUNTER_UPDATED][] = []
  bob.on(GROUP_COUNTER_UPDATED, ({ data }) => received.push(data))
  await ann.setGroupCounters({ groupID, counters: { likes: 8, views: 1 } })
  await expect.poll(() => received.length).toBe(2)
  const increased = await ann.increaseGroupCounter({ groupID, key: 'likes', value: 2 })
  expect(increased.data).toEqual({ groupID, key: 'likes', value: 10, counters: { likes: 10 } })
  await expect.poll(() => received.length).toBe(3)
  await bob.decreaseGroupCounter({ groupID, key: 'likes', value: 3 })
  expect(received).toEqual([
    { groupID, key: 'likes', value: 8 },
    { groupID, key: 'views', value: 1 },
    { groupID, key: 'likes', value: 10 },
    { groupID, key: 'likes', value: 7 }
  ])
  const { counters } = (await bob.getGroupCounters({ groupID, keyList: ['likes'] })).data
  expect(counters).toEqual({ likes: 7 })
})

test('a logout in the handler of a counter ends its events', async () => {
  let events = 0
  bob.on(GROUP_COUNTER_UPDATED, () => {
    events++
    void bob.logout()
  })
  await ann.setGroupCounters({ groupID, counters: { likes: 8, views: 1 } })
  await expect.poll(() => events).toBeGreaterThan(0)
  expect(events).toBe(1)
})

test('keys that every object inherits are keys like others', async () => {
  const groupAttributes = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<
    string,
    string
  >
  await ann.setGroupAttributes({ groupID, groupAttributes })
  const answer = await ann.getGroupAttributes({ groupID })
  expect(Object.entries(answer.data.groupAttributes)).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b']
  ])
  expect(Object.getPrototypeOf(answer.data.groupAttributes)).toBe(Object.prototype)
})

test.each([
  ['a list in place of an object', { groupID, groupAttributes: ['a'] }],
  ['a number as a value', { groupID, groupAttributes: { a: 5 } }],
  ['an empty key', { groupID, groupAttributes: { '': 'a' } }],
  ['no attributes', { groupID }]
])('setGroupAttributes refuses %s', async (_title, options) => {
  const error = await ann.setGroupAttributes(options as never).catch((thrown: IMError) => thrown)
  expect(error).toMatchObject({ code: 10004, data: { groupID } })
})

test('a user outside the group can neither read nor change them', async () => {
  await ann.deleteGroupMember({ groupID, userIDList: ['bob'] })
  await expect.poll(async () => (await bob.getGroupList()).data.groupList.length).toBe(0)
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 0,
      (error: IMError) => error.code
    )
  expect([
    await codeOf(bob.getGroupAttributes({ groupID })),
    await codeOf(bob.getGroupCounters({ groupID })),
    await codeOf(bob.setGroupAttributes({ groupID, groupAttributes: { a: 'b' } })),
    await codeOf(bob.increaseGroupCounter({ groupID, key: 'a', value: 1 }))
  ]).toEqual([10007, 10007, 10007, 10007])
})

test('an app admin outside the group reads what members read', async () => {
  await ann.setGroupAttributes({ groupID, groupAttributes: { seat: 'ann', light: 'on' } })
  await ann.setGroupCounters({ groupID, counters: { likes: 5 } })
  const root = await as('root')
  await expect
    .poll(async () => (await root.getGroupCounters({ groupID })).data.counters)
    .toEqual({ likes: 5 })
  const asked = { groupID, keyList: ['seat'] }
  expect((await root.getGroupAttributes(asked)).data).toEqual({ groupAttributes: { seat: 'ann' } })
  await ann.createGroup({ groupID: 'den', name: 'Den' })
  const none = await root.getGroupAttributes({ groupID: 'den' })
  expect(none.data).toEqual({ groupAttributes: {} })
  await expect(root.getGroupAttributes({ groupID: 'nowhere' })).rejects.toMatchObject({
    code: 10010
  })
})
