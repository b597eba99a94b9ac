/**
 * The components of `@tencentcloud/chat-uikit-vue` 1.4, mounted and clicked. The kit's user is Ann,
 * and Bob has a page of his own.
 */

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import TIM, { type Tim } from 'offline-groups/tim'
import { fresh, openLine, tokenFor } from '../browser/connect.ts'
import { login } from '../browser/session.ts'
import { loadKit } from './kit.ts'
import { friends, messenger } from './messenger.ts'

const ann = fresh('ann')
const bob = fresh('bob')
const invited = fresh('invited')
let asBob: Tim
let asAnn: Pick<Tim, 'getGroupApplicationList'>
let line: Awaited<ReturnType<typeof openLine>>
let mount: () => { readonly root: HTMLElement; unmount(): void }

beforeAll(async () => {
  asBob = (await login(bob, undefined, afterAll)).tim
  const memberList = [{ userID: ann }]
  await asBob.createGroup({ groupID: invited, name: 'Invited', memberList })
  line = await openLine()
  const SDKAppID = 1_400_000_002
  const tim = TIM.create({ SDKAppID, url: line.url, delegate: messenger })
  afterAll(() => tim.destroy())
  asAnn = tim

  const { TUICore, TUIComponents, createApp, h } = await loadKit('vue')
  const kit = TUICore.init({ SDKAppID, tim })
  kit.use(TUIComponents)
  await kit.login({ userID: ann, userSig: await tokenFor(ann) })
  mount = () => {
    const { TUISearch, TUIConversation, TUIContact, TUIChat } = TUIComponents
    const parts = [TUISearch, TUIConversation, TUIContact, TUIChat]
    const app = createApp({ render: () => parts.map(part => h(part.component)) })
    app.use(kit)
    kit.config.i18n.i18n.global.locale.value = 'en'
    const root = document.body.appendChild(document.createElement('main'))
    app.mount(root)
    return { root, unmount: () => app.unmount() }
  }
})

let mounted: ReturnType<typeof mount>
beforeEach(() => {
  mounted = mount()
})
afterEach(() => {
  mounted.unmount()
  mounted.root.remove()
})

const text = () => mounted.root.textContent

function find<E extends HTMLElement>(selector: string, text: string): E | undefined {
  const found = mounted.root.querySelectorAll<E>(selector)
  return [...found].find(each => each.textContent.includes(text))
}

async function shown<E extends HTMLElement>(selector: string, text = ''): Promise<E> {
  await expect.poll(() => find(selector, text), { message: `${selector} ${text}` }).toBeDefined()
  return find<E>(selector, text)!
}

const click = async (selector: string, text?: string) => (await shown(selector, text)).click()

async function enter(selector: string, value: string): Promise<void> {
  const input = await shown<HTMLInputElement>(selector)
  input.value = value
  input.dispatchEvent(new Event('input'))
  input.dispatchEvent(new KeyboardEvent('keyup', { key: 'Enter' }))
}

/** Picks a user in the kit's dialog. */
async function pick(userID: string): Promise<void> {
  await click('.transfer .list-item', userID)
  await click('.transfer button', 'Done')
}

/** Fills in the form for a group with Bob, and opens the panel of the new group. */
async function createInForm(type = 'Public'): Promise<string> {
  const groupID = fresh('group')
  await click('h1', 'New group chat')
  await enter('.transfer input', bob)
  await pick(bob)
  await enter('.group-list-item input[placeholder]', `Name of ${groupID}`)
  await enter('.group-list-item input:not([placeholder])', groupID)
  await click('.select-item', type)
  await click('.btn-submit', 'Create')
  await shown('.TUIChat-header', `Name of ${groupID}`)
  await click('.icon-chat-setting')
  await shown('.userInfo', bob)
  return groupID
}

const groupOfBob = async (groupID: string) =>
  (await asBob.getGroupList()).data.groupList.find(group => group.groupID === groupID)
const hasBob = async (groupID: string) => (await groupOfBob(groupID)) !== undefined
const rowOfBob = async (groupID: string) =>
  (await asBob.getGroupMemberProfile({ groupID, userIDList: [bob] })).data.memberList[0]

test('the list of the kit has the groups of its user', async () => {
  await click('header', 'My Group Chats')
  await shown('.TUI-contact-list-item', invited)
})

test('the form creates a group with a member', async () => {
  const groupID = await createInForm()
  await expect.poll(() => hasBob(groupID)).toBe(true)
  expect(text()).toContain('Require approval')
})

test('the panel mutes a member and makes an admin', async () => {
  const groupID = await createInForm()
  await click('.content li', 'Manage group')
  await click('.admin-list.last dt', '+')
  await pick(bob)
  await expect.poll(async () => (await rowOfBob(groupID))?.muteUntil).toBeGreaterThan(0)
  await click('.admin-list dt', '+')
  await pick(bob)
  await expect.poll(async () => (await groupOfBob(groupID))?.selfInfo.role).toBe('Admin')
})

test('the panel adds a member to a Work group', async () => {
  const carl = fresh('carl')
  friends.push(carl)
  const groupID = await createInForm('Work')
  await expect.poll(() => hasBob(groupID)).toBe(true)
  await click('.userInfo dt', '+')
  await pick(carl)
  const members = async () =>
    (await asBob.getGroupMemberList({ groupID })).data.memberList.map(({ userID }) => userID)
  await expect.poll(members).toEqual([ann, bob, carl])
})

test('the panel removes a member', async () => {
  const groupID = await createInForm()
  await expect.poll(() => hasBob(groupID)).toBe(true)
  await click('.userInfo dt', '-')
  await pick(bob)
  await click('.dialog button', 'submit')
  await expect.poll(() => hasBob(groupID)).toBe(false)
})

test('the panel gives the group away and quits', async () => {
  const groupID = await createInForm()
  await click('.footer li', 'Transfer ownership')
  await pick(bob)
  await expect.poll(async () => (await groupOfBob(groupID))?.ownerID).toBe(bob)
  await click('.footer li', 'Quit group')
  await expect.poll(async () => (await groupOfBob(groupID))?.memberNum).toBe(1)
  await click('header', 'My Group Chats')
  // The list is there when it shows another group.
  await shown('.TUI-contact-list-item', invited)
  expect(text()).not.toContain(groupID)
})

test('the panel dismisses the group', async () => {
  const groupID = await createInForm('Meeting')
  await expect.poll(() => hasBob(groupID)).toBe(true)
  await click('.footer li', 'Disband group')
  await expect.poll(() => hasBob(groupID)).toBe(false)
})

test('a group found by its ID is joined after an approval', async () => {
  const groupID = fresh('den')
  const joinOption = TIM.TYPES.JOIN_OPTIONS_NEED_PERMISSION
  await asBob.createGroup({ groupID, name: 'Den', type: TIM.TYPES.GRP_PUBLIC, joinOption })
  await click('.search-box', 'add group chat')
  await enter('.TUI-contact .input-box input', groupID)
  await click('.TUI-contact-list-item', groupID)
  await click('button', 'Request to join')
  await shown('p', 'Requested')
  const applications = async () => (await asBob.getGroupApplicationList()).data.applicationList
  await expect.poll(applications).toMatchObject([{ groupID, applicant: ann }])
  const [application] = await applications()
  await asBob.handleGroupApplication({ handleAction: 'Agree', application: application! })
  await click('.search-cancel')
  await click('header', 'My Group Chats')
  await shown('.TUI-contact-list-item', groupID)
})

test('a ChatRoom found by its ID is joined at once', async () => {
  const groupID = fresh('hall')
  await asBob.createGroup({ groupID, name: 'Hall', type: TIM.TYPES.GRP_MEETING })
  await click('.search-box', 'add group chat')
  await enter('.TUI-contact .input-box input', groupID)
  await click('.TUI-contact-list-item', groupID)
  await click('button', 'Join group chat')
  await expect.poll(async () => (await groupOfBob(groupID))?.memberNum).toBe(2)
  await click('.search-cancel')
})

test('a notice of an application has a button that approves it', async () => {
  const groupID = await createInForm()
  await expect.poll(() => hasBob(groupID)).toBe(true)
  await asBob.quitGroup(groupID)
  await asBob.joinGroup({ groupID, applyMessage: 'please' })
  const applications = async () => (await asAnn.getGroupApplicationList()).data.applicationList
  await expect.poll(applications).toMatchObject([{ groupID, applicant: bob }])
  // The kit reads its notices when their column is opened.
  await click('header', 'Group Chat Notifications')
  await click('.message-system button', 'Accept')
  await expect.poll(() => hasBob(groupID)).toBe(true)
})

test('a group that the form creates offline reaches its members later', async () => {
  await line.cut()
  await shown('.network')
  const groupID = await createInForm()
  expect(await hasBob(groupID)).toBe(false)
  await line.restore()
  await expect.poll(() => hasBob(groupID)).toBe(true)
  await expect.poll(() => find('.network', '')).toBeUndefined()
})
