import { expect, inject, test } from 'vitest'
import TIM, { type IMError } from 'offline-groups/tim'
import { fresh, openStore, tokenFor, until } from './connect.ts'
import { createTim, elsewhere, login, rejection } from './session.ts'

test('the same app gets the same instance', () => {
  const tim = TIM.create({ SDKAppID: 99, url: inject('url') })
  expect(TIM.create({ SDKAppID: 99, url: inject('url') })).toBe(tim)
})

test('a call before login is refused 2999, and the app hears of it', async () => {
  const tim = createTim()
  const errors: unknown[] = []
  tim.on(TIM.EVENT.ERROR, event => errors.push(event.data))
  expect((await rejection(tim.getGroupList())).code).toBe(2999)
  expect(errors).toMatchObject([{ code: 2999 }])
})

test('a userSig that the server does not accept is refused at login', async () => {
  const tim = createTim()
  expect((await rejection(tim.login({ userID: fresh('ann'), userSig: await tokenFor('bob') }))).code).toBe(70013)
  expect((await rejection(tim.login({ userID: fresh('ann'), userSig: 'nonsense' }))).code).toBe(70003)
  expect((await rejection(tim.login({ userID: '', userSig: 'x' }))).code).toBe(2002)
})

test('the list has changed, and the app has heard of it, before the call that changes it resolves', async () => {
  const { tim, events } = await login()
  events.length = 0
  const { group } = (await tim.createGroup({ name: 'Crew', type: TIM.TYPES.GRP_PUBLIC })).data
  expect(events).toEqual([TIM.EVENT.GROUP_LIST_UPDATED])
  expect((await tim.getGroupList()).data.groupList[0]).toBe(group)
})

test('objects are live: what the app holds changes in place', async () => {
  const { tim, userID } = await login()
  const bob = fresh('bob')
  const { group } = (await tim.createGroup({ name: 'Crew', type: TIM.TYPES.GRP_PUBLIC, memberList: [{ userID: bob }] })).data
  const { memberList } = (await tim.getGroupMemberList({ groupID: group.groupID })).data
  const held = memberList.find(member => member.userID === bob)
  const { member } = (await tim.setGroupMemberRole({ groupID: group.groupID, userID: bob, role: TIM.TYPES.GRP_MBR_ROLE_ADMIN }))
    .data
  expect(member).toBe(held)
  expect(held?.role).toBe('Admin')
  await tim.updateGroupProfile({ groupID: group.groupID, name: 'Boat' })
  expect([group.name, group.selfInfo.userID, group.selfInfo.role]).toEqual(['Boat', userID, 'Owner'])
  await tim.deleteGroupMember({ groupID: group.groupID, userIDList: [bob] })
  expect([group.memberNum, group.memberCount]).toEqual([1, 1])
})

test('what others do changes the objects too', async () => {
  const { tim, userID } = await login()
  const bob = fresh('bob')
  const asBob = await elsewhere(bob)
  const groupID = fresh('crew')
  await asBob('createGroup', { groupID, name: 'Crew', type: 'Public', memberList: [{ userID }] })
  const list = () => tim.getGroupList().then(response => response.data.groupList)
  await expect.poll(list).toHaveLength(1)
  const [group] = await list()
  await asBob('updateGroupProfile', { groupID, name: 'Boat' })
  await asBob('setGroupMemberRole', { groupID, userID, role: 'Admin' })
  await expect.poll(() => [group?.name, group?.selfInfo.role]).toEqual(['Boat', 'Admin'])
  await asBob('deleteGroupMember', { groupID, userIDList: [userID] })
  await expect.poll(list).toEqual([])
})

test('the arguments of a call are never changed', async () => {
  const { tim } = await login()
  const options = {
    name: 'Crew',
    type: TIM.TYPES.GRP_PRIVATE,
    joinOption: TIM.TYPES.JOIN_OPTIONS_FREE_ACCESS,
    memberList: [{ userID: 'x' }]
  }
  const before = structuredClone(options)
  await tim.createGroup(options)
  expect(options).toEqual(before)
})

test('a refusal that comes after the call has resolved arrives as an ERROR event with its cause', async () => {
  const groupID = fresh('crew')
  const asBob = await elsewhere(fresh('bob'))
  await asBob('createGroup', { groupID, name: 'His', type: 'Public' })
  const { tim } = await login()
  const refused = new Promise<IMError>(resolve => tim.once(TIM.EVENT.ERROR, event => resolve(event.data)))
  await tim.createGroup({ groupID, name: 'Hers' })
  expect(await refused).toMatchObject({ code: 10021, data: { groupID, operation: 'createGroup' } })
  expect((await tim.getGroupList()).data.groupList).toEqual([])
})

test('joining a group that the device has never seen waits for the server', async () => {
  const groupID = fresh('crew')
  const asBob = await elsewhere(fresh('bob'))
  await asBob('createGroup', { groupID, name: 'Crew', type: 'Public' })
  const { tim } = await login()
  const { status, group } = (await tim.joinGroup({ groupID })).data
  expect([status, group?.name, group?.memberNum]).toEqual([TIM.TYPES.JOIN_STATUS_SUCCESS, 'Crew', 2])
  expect((await tim.joinGroup({ groupID })).data).toEqual({ status: TIM.TYPES.JOIN_STATUS_ALREADY_IN_GROUP })
  expect((await rejection(tim.joinGroup({ groupID: fresh('nowhere') }))).code).toBe(10010)
})

test('the profile of a group that one is not in comes from the server, if it may be known', async () => {
  const [open, closed] = [fresh('open'), fresh('closed')]
  const asBob = await elsewhere(fresh('bob'))
  await asBob('createGroup', { groupID: open, name: 'Open', type: 'Public' })
  await asBob('createGroup', { groupID: closed, name: 'Closed' })
  const { tim } = await login()
  expect((await tim.getGroupProfile({ groupID: open })).data.group).toMatchObject({ name: 'Open', selfInfo: { role: '' } })
  expect((await rejection(tim.getGroupProfile({ groupID: closed }))).code).toBe(10007)
  expect((await rejection(tim.getGroupProfile({ groupID: fresh('nowhere') }))).code).toBe(10010)
  expect((await rejection(tim.getGroupMemberList({ groupID: open }))).code).toBe(10007)
})

test('members come 15 at a time, at most 100, and none behind the last', async () => {
  const { tim } = await login()
  const memberList = Array.from({ length: 130 }, (_, index) => ({ userID: fresh(`m${index}`) }))
  const { groupID } = (await tim.createGroup({ name: 'Crew', type: TIM.TYPES.GRP_PUBLIC, memberList })).data.group
  const count = (options: { count?: number; offset?: number }) =>
    tim.getGroupMemberList({ groupID, ...options }).then(response => response.data.memberList.length)
  expect([
    await count({}),
    await count({ count: 500 }),
    await count({ count: 100, offset: 100 }),
    await count({ offset: 131 }),
    await count({ count: 0 })
  ]).toEqual([15, 100, 31, 0, 0])
})

test('a handler that throws does not keep others from hearing, and gets the context it asked for', async () => {
  const { tim } = await login()
  const context = { name: 'context' }
  const heard: unknown[] = []
  tim.on(TIM.EVENT.GROUP_LIST_UPDATED, () => {
    throw new Error('an expected mistake in a handler')
  })
  tim.on(
    TIM.EVENT.GROUP_LIST_UPDATED,
    function (this: unknown) {
      heard.push(this)
    },
    context
  )
  await tim.createGroup({ name: 'Crew' })
  expect(heard).toEqual([context])
})

test('logging out keeps what waits, for the next login of the same user', async () => {
  const { tim, userID, events } = await login()
  const { groupID } = (await tim.createGroup({ name: 'Crew' })).data.group
  events.length = 0
  const leaving = tim.logout()
  expect(events).toEqual([TIM.EVENT.SDK_NOT_READY])
  await leaving
  const store = await openStore(userID)
  await until(store.groups$, ({ rows }) => rows.some(row => row.groupID === groupID))
})
