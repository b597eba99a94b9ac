/** Groups, users and custom fields named like properties of every object, in the TIM API. */

import { expect, test } from 'vitest'
import TIM, { type TimMessage } from '../../src/tim/tim.ts'
import { logIn, openServer, userSigOf, createTim } from './page.ts'

const builtIns = [...Object.getOwnPropertyNames(Object.prototype), 'prototype']
const fieldKeys = builtIns.filter(key => key.length <= 32)
const users = builtIns.filter(key => key.length <= 32 && key !== '__proto__')
const fieldsOf = (keys: readonly string[]) => keys.map(key => ({ key, value: key }))

async function open() {
  const { url } = await openServer({ appAdmins: ['constructor'] })
  return { url, owner: await logIn(url, '__proto__') }
}

test('groups named like built-in properties are created and listed', async () => {
  const { url, owner } = await open()
  for (const groupID of builtIns) {
    const { data } = await owner.createGroup({ groupID, name: 'Crew', type: 'Public' })
    expect(data.group).toMatchObject({ groupID, ownerID: '__proto__', selfInfo: { role: 'Owner' } })
  }
  const other = await logIn(url, 'ann')
  for (const groupID of builtIns) {
    expect((await owner.getGroupProfile({ groupID })).data.group).toMatchObject({
      groupID,
      memberNum: 1
    })
    expect((await other.searchGroupByID(groupID)).data.group).toMatchObject({
      groupID,
      name: 'Crew'
    })
  }
  expect((await owner.getGroupList()).data.groupList.map(group => group.groupID).sort()).toEqual(
    [...builtIns].sort()
  )
})

test('groups named like built-in properties are known at the next login', async () => {
  const { owner, url } = await open()
  for (const groupID of builtIns) await owner.createGroup({ groupID, name: 'Crew', type: 'Public' })
  await owner.logout()
  const again = createTim(url)
  const list = new Promise<string[]>(resolve => {
    again.on(TIM.EVENT.GROUP_LIST_UPDATED, ({ data }) => {
      if (data.length === builtIns.length) resolve(data.map(group => group.groupID))
    })
  })
  await again.login({ userID: '__proto__', userSig: userSigOf('__proto__') })
  expect((await list).sort()).toEqual([...builtIns].sort())
})

test('members named like built-in properties are added, changed and removed', async () => {
  const { url, owner } = await open()
  const groupID = 'valueOf'
  const crew = await logIn(url, 'constructor')
  await owner.createGroup({ groupID, name: 'Crew', type: 'Public' })
  const { data } = await crew.addGroupMember({ groupID, userIDList: users })
  expect(data.successUserIDList).toEqual(users)
  await expect
    .poll(async () => (await owner.getGroupProfile({ groupID })).data.group.memberNum)
    .toBe(users.length + 1)
  for (const userID of users) {
    await owner.setGroupMemberRole({ groupID, userID, role: 'Admin' })
    await owner.setGroupMemberMuteTime({ groupID, userID, muteTime: 600 })
    await owner.setGroupMemberNameCard({ groupID, userID, nameCard: userID })
    const memberCustomField = fieldsOf(['__proto__', 'constructor', userID])
    const { member } = (
      await owner.setGroupMemberCustomField({ groupID, userID, memberCustomField })
    ).data
    expect(member).toMatchObject({ userID, role: 'Admin', nameCard: userID })
    expect(member.memberCustomField).toEqual(
      fieldsOf([...new Set(['__proto__', 'constructor', userID])])
    )
  }
  const { memberList } = (await owner.getGroupMemberProfile({ groupID, userIDList: users })).data
  expect(memberList.map(({ userID }) => userID).sort()).toEqual([...users].sort())
  await owner.deleteGroupMember({ groupID, userIDList: users })
  expect((await owner.getGroupMemberList({ groupID })).data.memberList).toMatchObject([
    { userID: '__proto__' }
  ])
})

test('custom fields of a group named like built-in properties are kept', async () => {
  const { owner } = await open()
  const groupCustomField = fieldsOf(fieldKeys.slice(0, 20))
  const group = (
    await owner.createGroup({ groupID: 'toString', name: 'Crew', type: 'Public', groupCustomField })
  ).data.group
  expect(group.groupCustomField).toEqual(groupCustomField)
})

test('an application between users named like built-in properties is decided', async () => {
  const { url, owner } = await open()
  await owner.createGroup({
    groupID: 'constructor',
    name: 'Crew',
    type: 'Public',
    joinOption: 'NeedPermission'
  })
  const notice = new Promise<TimMessage>(resolve =>
    owner.on(TIM.EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, ({ data }) => resolve(data.message))
  )
  const applicant = await logIn(url, 'toString')
  expect((await applicant.joinGroup({ groupID: 'constructor' })).data.status).toBe(
    TIM.TYPES.JOIN_STATUS_WAIT_APPROVAL
  )
  await owner.handleGroupApplication({ handleAction: 'Agree', message: await notice })
  await expect
    .poll(async () => (await applicant.getGroupList()).data.groupList)
    .toMatchObject([{ groupID: 'constructor' }])
})
