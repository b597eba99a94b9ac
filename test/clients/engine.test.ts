/** `@tencentcloud/chat-uikit-engine`, the core of Tencent's UI kits of today, on the TIM API. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import TIM, { type Tim } from 'offline-groups/tim'
import { fresh, openLine, tokenFor } from '../browser/connect.ts'
import { login, rejection } from '../browser/session.ts'
import { loadKit, recordRefusals, refusedCalls } from './kit.ts'

const ann = fresh('ann')
const bob = fresh('bob')
const invitedBefore = fresh('before')

/** The kit's user is Ann. Bob has a page of his own. */
let asBob: Tim
/** The instance of the kit. */
let own: Tim
let line: Awaited<ReturnType<typeof openLine>>
let engine: any
let groups: any
let store: { (name: string): any; ofUser(name: string): any }

beforeAll(async () => {
  const kit = await loadKit('engine')
  engine = kit.TUIChatEngine
  groups = kit.TUIGroupService
  store = Object.assign((name: string) => kit.TUIStore.getData(kit.StoreName.GRP, name), {
    ofUser: (name: string) => kit.TUIStore.getData(kit.StoreName.USER, name)
  })
  asBob = (await login(bob, undefined, afterAll)).tim
  await asBob.createGroup({
    groupID: invitedBefore,
    name: 'Before',
    memberList: [{ userID: ann }]
  })
  line = await openLine()
  // The kit asks for an instance by its SDKAppID, and gets the one that the app has created.
  const SDKAppID = 1_400_000_001
  own = TIM.create({ SDKAppID, url: line.url })
  afterAll(() => own.destroy())
  recordRefusals(own)
  await engine.login({ SDKAppID, userID: ann, userSig: await tokenFor(ann) })
})

const listed = (): string[] => store('groupList').map((group: any) => group.groupID)
const noticeTypes = (): number[] =>
  store('groupSystemNoticeList').map((message: any) => message.payload.operationType)

/** A Public group that Ann creates with the kit, with Bob in it. */
async function ownGroup(options: object = {}): Promise<string> {
  const made = await groups.createGroup({
    name: 'Crew',
    type: TIM.TYPES.GRP_PUBLIC,
    memberList: [{ userID: bob }],
    ...options
  })
  const { groupID } = made.data.group
  await expect.poll(listed).toContain(groupID)
  return groupID
}

/** A Public group of Bob. */
async function groupOfBob(options: object = {}): Promise<string> {
  const made = await asBob.createGroup({ name: 'Den', type: TIM.TYPES.GRP_PUBLIC, ...options })
  return made.data.group.groupID
}

const bobsGroups = async (): Promise<string[]> =>
  (await asBob.getGroupList()).data.groupList.map(({ groupID }) => groupID)

const rowOfBob = async (groupID: string) =>
  (await groups.getGroupMemberProfile({ groupID, userIDList: [bob] })).data.memberList[0]

test("the kit's login resolves with the groups in its store", () => {
  expect(engine.isReady()).toBe(true)
  expect(engine.getMyUserID()).toBe(ann)
  expect(listed()).toEqual([invitedBefore])
})

test('a group that the kit creates is in its store', async () => {
  const groupID = await ownGroup()
  const group = store('groupList').find((each: any) => each.groupID === groupID)
  expect(group).toMatchObject({ name: 'Crew', ownerID: ann, memberCount: 2 })
})

test('a group that the kit joins is in its store', async () => {
  const groupID = await groupOfBob()
  const found = await groups.searchGroupByID(groupID)
  expect(found.data.group).toMatchObject({ name: 'Den', isJoinedGroup: false })
  const { status } = (await groups.joinGroup({ groupID })).data
  expect(status).toBe(TIM.TYPES.JOIN_STATUS_SUCCESS)
  await expect.poll(listed).toContain(groupID)
})

describe('applications', () => {
  const joinOption = TIM.TYPES.JOIN_OPTIONS_NEED_PERMISSION

  test('the kit applies, and an approval brings the group', async () => {
    const groupID = await groupOfBob({ joinOption })
    const { status } = (await groups.joinGroup({ groupID, applyMessage: 'please' })).data
    expect(status).toBe(TIM.TYPES.JOIN_STATUS_WAIT_APPROVAL)
    const pending = async () => (await asBob.getGroupApplicationList()).data.applicationList
    await expect.poll(pending).toMatchObject([{ groupID, applicant: ann, note: 'please' }])
    const [application] = await pending()
    await asBob.handleGroupApplication({ handleAction: 'Agree', application: application! })
    await expect.poll(listed).toContain(groupID)
    await expect.poll(noticeTypes).toEqual([2])
  })

  test('the kit lists an application and approves it', async () => {
    const groupID = await ownGroup({ joinOption, memberList: [] })
    await asBob.joinGroup({ groupID, applyMessage: 'please' })
    await expect.poll(noticeTypes).toEqual([1])
    const { applicationList } = (await groups.getGroupApplicationList()).data
    const application = applicationList.find((each: any) => each.groupID === groupID)
    expect(application).toMatchObject({ applicant: bob, note: 'please' })
    await groups.handleGroupApplication({ handleAction: 'Agree', application })
    await expect.poll(bobsGroups).toContain(groupID)
  })

  test('the kit refuses an application', async () => {
    const groupID = await ownGroup({ joinOption, memberList: [] })
    await asBob.joinGroup({ groupID, applyMessage: 'please' })
    const find = async () =>
      (await groups.getGroupApplicationList()).data.applicationList.find(
        (each: any) => each.groupID === groupID
      )
    await expect.poll(find).toMatchObject({ applicant: bob })
    await groups.handleGroupApplication({ handleAction: 'Reject', application: await find() })
    const noticesOfBob = async () =>
      (await asBob.getMessageList({ conversationID: TIM.TYPES.CONV_SYSTEM })).data.messageList
    const refused = { operationType: 3, groupProfile: { groupID } }
    await expect.poll(async () => (await noticesOfBob()).at(-1)?.payload).toMatchObject(refused)
    expect(await find()).toBeUndefined()
  })
})

describe('members', () => {
  test('a group that removes its user leaves the store of the kit', async () => {
    const groupID = await groupOfBob()
    await groups.joinGroup({ groupID })
    await expect.poll(listed).toContain(groupID)
    await asBob.deleteGroupMember({ groupID, userIDList: [ann] })
    await expect.poll(listed).not.toContain(groupID)
    await expect.poll(noticeTypes).toEqual([4])
  })

  test('a group that the kit opens has its members', async () => {
    const groupID = await ownGroup()
    await groups.switchGroup(groupID)
    expect(store('currentGroup')).toMatchObject({ groupID, name: 'Crew' })
    const members = store('currentGroupMemberList').map((member: any) => member.userID)
    expect(members).toEqual([ann, bob])
    await groups.switchGroup('')
  })

  test('the kit adds a member and removes one', async () => {
    const groupID = await ownGroup({ type: TIM.TYPES.GRP_WORK, memberList: [] })
    const added = await groups.addGroupMember({ groupID, userIDList: [bob] })
    expect(added.data.successUserIDList).toEqual([bob])
    await expect.poll(bobsGroups).toContain(groupID)
    await groups.deleteGroupMember({ groupID, userIDList: [bob] })
    await expect.poll(bobsGroups).not.toContain(groupID)
    const { memberList } = (await groups.getGroupMemberList({ groupID })).data
    expect(memberList).toMatchObject([{ userID: ann, role: 'Owner' }])
  })

  test('the kit mutes a member and promotes one', async () => {
    const groupID = await ownGroup()
    await groups.setGroupMemberMuteTime({ groupID, userID: bob, muteTime: 600 })
    const { muteUntil } = await rowOfBob(groupID)
    expect(Math.abs(muteUntil - Date.now() / 1000 - 600)).toBeLessThan(60)
    const role = TIM.TYPES.GRP_MBR_ROLE_ADMIN
    await groups.setGroupMemberRole({ groupID, userID: bob, role })
    expect(await rowOfBob(groupID)).toMatchObject({ role })
    const roleOfBob = async () =>
      (await asBob.getGroupProfile({ groupID })).data.group.selfInfo.role
    await expect.poll(roleOfBob).toBe(role)
  })

  test('the kit unmutes a member and changes its own name card', async () => {
    const groupID = await ownGroup()
    await groups.setGroupMemberMuteTime({ groupID, userID: bob, muteTime: 600 })
    await groups.setGroupMemberMuteTime({ groupID, userID: bob, muteTime: 0 })
    expect(await rowOfBob(groupID)).toMatchObject({ muteUntil: 0 })
    await groups.setGroupMemberNameCard({ groupID, nameCard: 'Skipper' })
    const [own] = (await groups.getGroupMemberProfile({ groupID, userIDList: [ann] })).data
      .memberList
    expect(own).toMatchObject({ nameCard: 'Skipper' })
  })

  test('the kit gives a group to another owner and quits', async () => {
    const groupID = await ownGroup()
    const { group } = (await groups.changeGroupOwner({ groupID, newOwnerID: bob })).data
    expect(group.ownerID).toBe(bob)
    await groups.quitGroup(groupID)
    await expect.poll(listed).not.toContain(groupID)
    const ownerID = async () => (await asBob.getGroupProfile({ groupID })).data.group.ownerID
    await expect.poll(ownerID).toBe(bob)
  })

  test('the kit dismisses a group', async () => {
    const groupID = await ownGroup()
    await expect.poll(bobsGroups).toContain(groupID)
    await groups.dismissGroup(groupID)
    await expect.poll(listed).not.toContain(groupID)
    await expect.poll(bobsGroups).not.toContain(groupID)
  })
})

test('a group that the kit creates offline reaches the others later', async () => {
  await line.cut()
  await expect.poll(() => store.ofUser('netStateChange')).toBe(TIM.TYPES.NET_STATE_DISCONNECTED)
  const groupID = await ownGroup()
  await groups.updateGroupProfile({ groupID, name: 'Made offline' })
  expect(await bobsGroups()).not.toContain(groupID)
  await line.restore()
  await expect.poll(() => store.ofUser('netStateChange')).toBe(TIM.TYPES.NET_STATE_CONNECTED)
  const nameForBob = async () =>
    (await asBob.getGroupList()).data.groupList.find(group => group.groupID === groupID)?.name
  await expect.poll(nameForBob).toBe('Made offline')
})

test('changes that the kit makes offline reach the others later', async () => {
  const [groupID, left] = [await ownGroup(), await groupOfBob()]
  await groups.joinGroup({ groupID: left })
  await expect.poll(bobsGroups).toContain(groupID)
  await line.cut()
  await expect.poll(() => store.ofUser('netStateChange')).toBe(TIM.TYPES.NET_STATE_DISCONNECTED)
  const role = TIM.TYPES.GRP_MBR_ROLE_ADMIN
  await groups.setGroupMemberRole({ groupID, userID: bob, role })
  await groups.changeGroupOwner({ groupID, newOwnerID: bob })
  await groups.quitGroup(left)
  await expect.poll(listed).not.toContain(left)
  await line.restore()
  const ownerAndNumber = async () => {
    const { groupList } = (await asBob.getGroupList()).data
    const find = (id: string) => groupList.find(group => group.groupID === id)
    return [find(groupID)?.ownerID, find(left)?.memberNum]
  }
  await expect.poll(ownerAndNumber).toEqual([bob, 1])
})

test('the kit makes no call that needs a delegate', async () => {
  expect([...refusedCalls]).toEqual([])
  // The record works, also for a refusal that is handled.
  await rejection(own.getConversationList())
  expect([...refusedCalls]).toEqual(['getConversationList'])
})

test('a logout empties the store of the kit', async () => {
  await engine.logout()
  expect(listed()).toEqual([])
  expect(engine.isReady()).toBe(false)
})
