import { describe, expect, inject, test } from 'vitest'
import TIM, { type IMError, type Tim, type TimMessage } from 'offline-groups/tim'
import { fresh, openLine, openStore, tokenFor, until } from './connect.ts'
import { createTim, elsewhere, login, rejection } from './session.ts'

test('one SDKAppID gets one instance', () => {
  const tim = TIM.create({ SDKAppID: 99, url: inject('url') })
  expect(TIM.create({ SDKAppID: 99, url: inject('url') })).toBe(tim)
})

test('a call before login rejects with 2999 and emits no ERROR event', async () => {
  const tim = createTim()
  const errors: unknown[] = []
  tim.on(TIM.EVENT.ERROR, event => errors.push(event.data))
  expect((await rejection(tim.getGroupList())).code).toBe(2999)
  expect(errors).toEqual([])
})

test('login with an invalid userSig is refused', async () => {
  const tim = createTim()
  expect(
    (await rejection(tim.login({ userID: fresh('ann'), userSig: await tokenFor('bob') }))).code
  ).toBe(70013)
  expect((await rejection(tim.login({ userID: fresh('ann'), userSig: 'nonsense' }))).code).toBe(
    70003
  )
  expect((await rejection(tim.login({ userID: '', userSig: 'x' }))).code).toBe(2002)
  expect((await rejection(tim.login({ userID: fresh('ann'), userSig: '' }))).code).toBe(2003)
})

test('login during another login, or as another user, is refused', async () => {
  const { tim, userID } = await login()
  expect((await rejection(tim.login({ userID: fresh('bob'), userSig: 'x' }))).code).toBe(2026)
  await tim.logout()
  const login2 = { userID, userSig: await tokenFor(userID) }
  const first = tim.login(login2)
  expect((await rejection(tim.login(login2))).code).toBe(2025)
  await first
})

test('GROUP_LIST_UPDATED comes before the call that changes the list resolves', async () => {
  const { tim, events } = await login()
  events.length = 0
  const { group } = (await tim.createGroup({ name: 'Crew', type: TIM.TYPES.GRP_PUBLIC })).data
  // On a slow page, the server's notice of the creation may have arrived by now as well.
  expect(events[0]).toBe(TIM.EVENT.GROUP_LIST_UPDATED)
  expect((await tim.getGroupList()).data.groupList[0]).toBe(group)
})

test("the user's calls change the objects of the app in place", async () => {
  const { tim, userID } = await login()
  const bob = fresh('bob')
  const { group } = (
    await tim.createGroup({
      name: 'Crew',
      type: TIM.TYPES.GRP_PUBLIC,
      memberList: [{ userID: bob }]
    })
  ).data
  const { memberList } = (await tim.getGroupMemberList({ groupID: group.groupID })).data
  const held = memberList.find(member => member.userID === bob)
  const { member } = (
    await tim.setGroupMemberRole({
      groupID: group.groupID,
      userID: bob,
      role: TIM.TYPES.GRP_MBR_ROLE_ADMIN
    })
  ).data
  expect(member).toBe(held)
  expect(held?.role).toBe('Admin')
  await tim.updateGroupProfile({ groupID: group.groupID, name: 'Boat' })
  expect([group.name, group.selfInfo.userID, group.selfInfo.role]).toEqual([
    'Boat',
    userID,
    'Owner'
  ])
  await tim.deleteGroupMember({ groupID: group.groupID, userIDList: [bob] })
  expect([group.memberNum, group.memberCount]).toEqual([1, 1])
})

test('changes of other users change the objects of the app in place', async () => {
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

test('a refusal after the call resolved arrives as an ERROR event', async () => {
  const groupID = fresh('crew')
  const asBob = await elsewhere(fresh('bob'))
  await asBob('createGroup', { groupID, name: 'His', type: 'Public' })
  const line = await openLine()
  const { tim } = await login(fresh('ann'), line.url)
  const refused = new Promise<IMError>(resolve =>
    tim.once(TIM.EVENT.ERROR, event => resolve(event.data))
  )
  const isOffline = new Promise(resolve => tim.once(TIM.EVENT.NET_STATE_CHANGE, resolve))
  await line.cut()
  await isOffline
  await tim.createGroup({ groupID, name: 'Hers' })
  await line.restore()
  expect(await refused).toMatchObject({ code: 10021, data: { groupID, operation: 'createGroup' } })
  expect((await tim.getGroupList()).data.groupList).toEqual([])
})

test('joining a group unknown to the device waits for the server', async () => {
  const groupID = fresh('crew')
  const asBob = await elsewhere(fresh('bob'))
  await asBob('createGroup', { groupID, name: 'Crew', type: 'Public' })
  const { tim } = await login()
  const { status, group } = (await tim.joinGroup({ groupID })).data
  expect([status, group?.name, group?.memberNum]).toEqual([
    TIM.TYPES.JOIN_STATUS_SUCCESS,
    'Crew',
    2
  ])
  expect((await tim.joinGroup({ groupID })).data).toEqual({
    status: TIM.TYPES.JOIN_STATUS_ALREADY_IN_GROUP
  })
  expect((await rejection(tim.joinGroup({ groupID: fresh('nowhere') }))).code).toBe(10010)
})

test('the profile of a Public group of others comes from the server', async () => {
  const [open, closed] = [fresh('open'), fresh('closed')]
  const asBob = await elsewhere(fresh('bob'))
  await asBob('createGroup', { groupID: open, name: 'Open', type: 'Public' })
  await asBob('createGroup', { groupID: closed, name: 'Closed' })
  const { tim } = await login()
  expect((await tim.getGroupProfile({ groupID: open })).data.group).toMatchObject({
    name: 'Open',
    selfInfo: { role: '' }
  })
  expect((await rejection(tim.getGroupProfile({ groupID: closed }))).code).toBe(10007)
  expect((await rejection(tim.getGroupProfile({ groupID: fresh('nowhere') }))).code).toBe(10010)
  expect((await rejection(tim.getGroupMemberList({ groupID: open }))).code).toBe(10007)
})

test('a member list has 15 members, or up to 100 as asked', async () => {
  const { tim } = await login()
  const memberList = Array.from({ length: 130 }, (_, index) => ({ userID: fresh(`m${index}`) }))
  const { groupID } = (
    await tim.createGroup({ name: 'Crew', type: TIM.TYPES.GRP_PUBLIC, memberList })
  ).data.group
  const count = (options: { count?: number; offset?: number }) =>
    tim
      .getGroupMemberList({ groupID, ...options })
      .then(response => response.data.memberList.length)
  expect([
    await count({}),
    await count({ count: 500 }),
    await count({ count: 100, offset: 100 }),
    await count({ offset: 131 }),
    await count({ count: 0 })
  ]).toEqual([15, 100, 31, 0, 0])
})

test('a handler runs in its context after another handler has thrown', async () => {
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

test("logout keeps pending operations for the user's next login", async () => {
  const { tim, userID, events } = await login()
  const { groupID } = (await tim.createGroup({ name: 'Crew' })).data.group
  events.length = 0
  const leaving = tim.logout()
  expect(events).toEqual([TIM.EVENT.SDK_NOT_READY])
  await leaving
  const store = await openStore(userID)
  await until(store.groups$, ({ rows }) => rows.some(row => row.groupID === groupID))
})

describe('messages', () => {
  /** The events that an app receives, in order, as `event type`. */
  function told(tim: Tim): string[] {
    const heard: string[] = []
    tim.on(TIM.EVENT.GROUP_LIST_UPDATED, () => heard.push('list'))
    tim.on(TIM.EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, event => heard.push(`notice ${event.data.type}`))
    tim.on(TIM.EVENT.MESSAGE_RECEIVED, event => {
      for (const message of event.data)
        heard.push(
          `message ${message.isSystemMessage ? 'notice' : 'tip'} ${message.payload.operationType}`
        )
    })
    return heard
  }

  async function inGroup() {
    const { tim, userID } = await login()
    const heard = told(tim)
    const groupID = fresh('crew')
    const asBob = await elsewhere(fresh('bob'))
    await asBob('createGroup', { groupID, name: 'Crew', type: 'Public', memberList: [{ userID }] })
    await expect.poll(() => heard).toContain('message notice 7')
    return { tim, userID, groupID, asBob, heard }
  }

  test('the notice of an invitation follows the group in the list', async () => {
    const { heard } = await inGroup()
    expect(heard).toEqual(['list', 'notice 7', 'message notice 7'])
  })

  test('the tip of a new profile follows its change in the list', async () => {
    const { tim, groupID, asBob, heard } = await inGroup()
    heard.length = 0
    const names: string[] = []
    tim.on(
      TIM.EVENT.MESSAGE_RECEIVED,
      () => void tim.getGroupProfile({ groupID }).then(({ data }) => names.push(data.group.name))
    )
    await asBob('updateGroupProfile', { groupID, name: 'Boat' })
    await expect.poll(() => heard).toEqual(['list', 'message tip 6'])
    await expect.poll(() => names).toEqual(['Boat'])
  })

  test('tips of joins and quits change memberNum without a list event', async () => {
    const { tim, groupID, heard } = await inGroup()
    heard.length = 0
    const { group } = (await tim.getGroupProfile({ groupID })).data
    const asCarl = await elsewhere(fresh('carl'))
    await asCarl('joinGroup', { groupID })
    await expect.poll(() => heard).toEqual(['message tip 1'])
    expect(group.memberNum).toBe(3)
    await asCarl('quitGroup', { groupID })
    await expect.poll(() => heard).toEqual(['message tip 1', 'message tip 2'])
    expect(group.memberNum).toBe(2)
  })

  test('the notice of a removal comes after the group left the list', async () => {
    const { userID, groupID, asBob, heard } = await inGroup()
    heard.length = 0
    await asBob('deleteGroupMember', { groupID, userIDList: [userID], reason: 'rules' })
    await expect.poll(() => heard).toEqual(['list', 'notice 4', 'message notice 4'])
  })

  test('the notice of a promotion comes after the role is in place', async () => {
    const { tim, userID, groupID, asBob, heard } = await inGroup()
    const { group } = (await tim.getGroupProfile({ groupID })).data
    heard.length = 0
    const roles: string[] = []
    tim.on(TIM.EVENT.MESSAGE_RECEIVED, () => roles.push(group.selfInfo.role))
    await asBob('setGroupMemberRole', { groupID, userID, role: 'Admin' })
    await expect
      .poll(() => heard.toSorted())
      .toEqual(['message notice 9', 'message tip 4', 'notice 9'])
    expect(roles).toEqual(['Admin', 'Admin'])
  })

  test("the creator's notice of a creation comes as a message only", async () => {
    const { tim } = await login()
    const heard = told(tim)
    await tim.createGroup({ name: 'Crew' })
    await expect.poll(() => heard).toEqual(['list', 'message notice 6'])
  })

  test('a message has the shape of the SDK', async () => {
    const { tim, userID } = await login()
    const { groupID } = (await tim.createGroup({ name: 'Crew', type: 'Public' })).data.group
    const received = new Promise<TimMessage>(resolve => {
      tim.on(TIM.EVENT.MESSAGE_RECEIVED, event => {
        for (const message of event.data)
          if (message.type === TIM.TYPES.MSG_GRP_TIP) resolve(message)
      })
    })
    await tim.updateGroupProfile({ groupID, name: 'Boat' })
    const message = await received
    expect(message).toMatchObject({
      ID: `GROUP${groupID}-2-2-1`,
      conversationID: `GROUP${groupID}`,
      conversationType: 'GROUP',
      from: userID,
      to: groupID,
      flow: 'out',
      isSystemMessage: false,
      type: 'TIMGroupTipElem',
      status: 'success',
      payload: {
        operatorID: userID,
        operationType: 6,
        userIDList: [userID],
        groupProfile: { groupID, name: 'Boat', groupName: 'Boat' },
        newGroupProfile: { name: 'Boat', groupName: 'Boat' }
      }
    })
    expect(message.payload).toBe(message._elements[0]?.content)
  })

  test('a group with discarded messages sends notices but no tips', async () => {
    const { tim, userID, groupID, asBob, heard } = await inGroup()
    await tim.setMessageRemindType({ groupID, messageRemindType: TIM.TYPES.MSG_REMIND_DISCARD })
    heard.length = 0
    await asBob('setGroupMemberRole', { groupID, userID, role: 'Admin' })
    await expect.poll(() => heard).toEqual(['notice 9', 'message notice 9'])
  })

  test('a tip from before login is delivered once, after login', async () => {
    const { tim, userID, groupID, asBob } = await inGroup()
    await tim.logout()
    await asBob('updateGroupProfile', { groupID, name: 'Boat' })
    const next = createTim()
    const heard = told(next)
    await next.login({ userID, userSig: await tokenFor(userID) })
    await expect
      .poll(() => heard.filter(each => each.startsWith('message')))
      .toEqual(['message tip 6'])
    await next.logout()
    await next.login({ userID, userSig: await tokenFor(userID) })
    await next.getGroupList().catch(() => undefined)
    await asBob('updateGroupProfile', { groupID, name: 'Ship' })
    await expect
      .poll(() => heard.filter(each => each.startsWith('message')))
      .toEqual(['message tip 6', 'message tip 6'])
    await next.destroy()
  })
})

describe('one audio-video chat room at a time', () => {
  test('joining a second room leaves the first', async () => {
    const [first, second] = [fresh('live'), fresh('live')]
    const asBob = await elsewhere(fresh('bob'))
    for (const groupID of [first, second])
      await asBob('createGroup', { groupID, name: 'Live', type: 'AVChatRoom' })
    const { tim } = await login()
    for (const groupID of [first, second])
      await tim.joinGroup({ groupID, type: TIM.TYPES.GRP_AVCHATROOM })
    await expect
      .poll(async () => (await tim.getGroupList()).data.groupList.map(group => group.groupID))
      .toEqual([second])
  })
})

describe('strict2x', () => {
  test('invalid parameters throw at once with strict2x, as in SDK 2.x', async () => {
    const tim = TIM.create({ SDKAppID: 77, url: inject('url'), strict2x: true })
    expect(() => tim.quitGroup('')).toThrow('Params validate failed.')
    expect(() => tim.getGroupProfile({ groupID: 5 as never })).toThrow('Params validate failed.')
    expect(() => tim.setGroupMemberMuteTime({ groupID: 'g', userID: 'u', muteTime: -1 })).toThrow(
      'Params validate failed.'
    )
    expect(() => tim.setGroupMemberNameCard({ groupID: 'g', nameCard: '  ' })).toThrow(
      'Params validate failed.'
    )
    expect((await rejection(tim.quitGroup('g'))).code).toBe(2999)
  })

  test('invalid parameters reject without strict2x', async () => {
    const { tim } = await login()
    expect((await rejection(tim.quitGroup(''))).code).toBe(10004)
    expect((await rejection(tim.addGroupMember(undefined as never))).code).toBe(10004)
  })
})

test('joining before login is refused, also for AVChatRooms', async () => {
  const tim = createTim()
  expect((await rejection(tim.joinGroup({ groupID: 'g' }))).code).toBe(2662)
  expect(
    (await rejection(tim.joinGroup({ groupID: 'g', type: TIM.TYPES.GRP_AVCHATROOM }))).code
  ).toBe(2999)
})
