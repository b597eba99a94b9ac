/** Each of Tencent's calls, made offline, does what `src/tim/README.md` promises. */

import { beforeAll, describe, expect, test } from 'vitest'
import type { OperationName } from 'offline-groups'
import TIM, {
  type GroupSystemNoticePayload,
  type IMError,
  type Tim,
  type TimMessage
} from 'offline-groups/tim'
import readme from '../../src/tim/README.md?raw'
import { fresh, openLine, openStore, until } from './connect.ts'
import { elsewhere, login, rejection } from './session.ts'

/** The table of the README: the offline column by call. */
const promised = new Map(
  [...readme.matchAll(/^\| (?<call>\w+(?: of [a-z ]+)?) \| [^|]* \| (?<offline>[^|]*) \|/gm)]
    .map(({ groups }) => [groups?.['call'] ?? '', groups?.['offline'] ?? ''] as const)
    .filter(([, offline]) => /^(?:resolves: (?:here|queued)|rejects \d+)$/.test(offline))
)

let tim: Tim
let line: Awaited<ReturnType<typeof openLine>>
const refusals: IMError[] = []
const bob = fresh('bob')
const carl = fresh('carl')
const groups = {
  open: fresh('open'),
  closed: fresh('closed'),
  asking: fresh('asking'),
  room: fresh('room'),
  others: fresh('others')
}
let application: TimMessage<GroupSystemNoticePayload>

beforeAll(async () => {
  const ends: (() => Promise<void>)[] = []
  const whenDone = (end: () => Promise<void>) => void ends.push(end)
  line = await openLine()
  ;({ tim } = await login(fresh('ann'), line.url, whenDone))
  tim.on(TIM.EVENT.ERROR, ({ data }) => refusals.push(data))
  const applied = new Promise<TimMessage<GroupSystemNoticePayload>>(resolve => {
    tim.on(TIM.EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, ({ data }) => {
      if (data.type === 1) resolve(data.message)
    })
  })
  await tim.createGroup({
    groupID: groups.open,
    name: 'Open',
    type: 'Public',
    memberList: [{ userID: bob }, { userID: carl }]
  })
  await tim.createGroup({ groupID: groups.closed, name: 'Closed', memberList: [{ userID: bob }] })
  await tim.createGroup({
    groupID: groups.asking,
    name: 'Asking',
    type: 'Public',
    joinOption: 'NeedPermission'
  })
  await tim.createGroup({ groupID: groups.room, name: 'Room', type: 'AVChatRoom' })
  const asDora = await elsewhere(fresh('dora'), whenDone)
  await asDora('createGroup', { groupID: groups.others, name: 'Others', type: 'Public' })
  expect(await asDora('joinGroup', { groupID: groups.asking })).toMatchObject({ kind: 'applied' })
  application = await applied
  const isOffline = new Promise<void>(resolve => {
    tim.on(TIM.EVENT.NET_STATE_CHANGE, ({ data }) => {
      if (data.state === TIM.TYPES.NET_STATE_DISCONNECTED) resolve()
    })
  })
  await line.cut()
  await isOffline
  return async () => {
    await Promise.all(ends.map(end => end()))
  }
})

type Call = () => Promise<{ data: object }>
const operations: Readonly<Record<OperationName, Call>> = {
  createGroup: () => tim.createGroup({ name: 'New' }),
  updateGroupProfile: () => tim.updateGroupProfile({ groupID: groups.open, name: 'Boat' }),
  joinGroup: () => tim.joinGroup({ groupID: groups.room, type: 'AVChatRoom' }),
  handleGroupApplication: () =>
    tim.handleGroupApplication({ handleAction: 'Agree', message: application }),
  setMessageRemindType: () =>
    tim.setMessageRemindType({ groupID: groups.open, messageRemindType: 'Discard' }),
  addGroupMember: () => tim.addGroupMember({ groupID: groups.closed, userIDList: [carl] }),
  setGroupMemberMuteTime: () =>
    tim.setGroupMemberMuteTime({ groupID: groups.open, userID: bob, muteTime: 60 }),
  markGroupMemberList: () =>
    tim.markGroupMemberList({
      groupID: groups.room,
      userIDList: [tim.getLoginUser()],
      markType: 1000,
      enableMark: true
    }),
  setGroupMemberRole: () =>
    tim.setGroupMemberRole({ groupID: groups.open, userID: bob, role: 'Admin' }),
  setGroupMemberNameCard: () => tim.setGroupMemberNameCard({ groupID: groups.open, nameCard: 'A' }),
  setGroupMemberCustomField: () =>
    tim.setGroupMemberCustomField({
      groupID: groups.open,
      memberCustomField: [{ key: 'k', value: 'v' }]
    }),
  deleteGroupMember: () => tim.deleteGroupMember({ groupID: groups.open, userIDList: [carl] }),
  changeGroupOwner: () => tim.changeGroupOwner({ groupID: groups.open, newOwnerID: bob }),
  initGroupAttributes: () =>
    tim.initGroupAttributes({ groupID: groups.open, groupAttributes: { seat: 'ann' } }),
  setGroupAttributes: () =>
    tim.setGroupAttributes({ groupID: groups.open, groupAttributes: { seat: bob } }),
  deleteGroupAttributes: () =>
    tim.deleteGroupAttributes({ groupID: groups.open, keyList: ['seat'] }),
  setGroupCounters: () => tim.setGroupCounters({ groupID: groups.open, counters: { likes: 5 } }),
  increaseGroupCounter: () =>
    tim.increaseGroupCounter({ groupID: groups.open, key: 'likes', value: 2 }),
  decreaseGroupCounter: () =>
    tim.decreaseGroupCounter({ groupID: groups.open, key: 'likes', value: 1 }),
  quitGroup: () => tim.quitGroup(groups.closed),
  dismissGroup: () => tim.dismissGroup(groups.asking)
}
const questions: Readonly<Record<string, Call>> = {
  getGroupList: () => tim.getGroupList(),
  getGroupProfile: () => tim.getGroupProfile({ groupID: groups.open }),
  searchGroupByID: () => tim.searchGroupByID(groups.open),
  getGroupMemberList: () => tim.getGroupMemberList({ groupID: groups.open }),
  getGroupMemberProfile: () =>
    tim.getGroupMemberProfile({ groupID: groups.open, userIDList: [bob] }),
  getGroupAttributes: () => tim.getGroupAttributes({ groupID: groups.open }),
  getGroupCounters: () => tim.getGroupCounters({ groupID: groups.open }),
  getGroupApplicationList: () => tim.getGroupApplicationList(),
  getMessageList: () => tim.getMessageList({ conversationID: TIM.TYPES.CONV_SYSTEM })
}
/** The same calls with an answer of another kind. */
const otherAnswers: Readonly<Record<string, Call>> = {
  'getGroupProfile of others': () => tim.getGroupProfile({ groupID: groups.others }),
  'getGroupMemberList of others': () => tim.getGroupMemberList({ groupID: groups.others }),
  'getGroupMemberList of marked members': () =>
    tim.getGroupMemberList({ groupID: groups.room, filter: 1000 }),
  'getGroupMemberProfile of others': () =>
    tim.getGroupMemberProfile({ groupID: groups.others, userIDList: [bob] }),
  'joinGroup of a group never seen': () => tim.joinGroup({ groupID: groups.others })
}
const calls: Readonly<Record<string, Call>> = { ...operations, ...questions, ...otherAnswers }

test('the table of the README has a row for every call', () => {
  expect([...promised.keys()].sort()).toEqual(Object.keys(calls).sort())
  expect(new Set([...promised.keys()].map(call => call.split(' ')[0]))).toEqual(
    new Set(Object.keys({ ...operations, ...questions }))
  )
})

describe('without a network', () => {
  test.each(Object.keys(calls))('%s answers as the table of the README says', async call => {
    const refused = /rejects (?<code>\d+)/.exec(promised.get(call) ?? '')?.groups?.['code']
    if (refused) expect((await rejection(calls[call]!())).code).toBe(Number(refused))
    else expect((await calls[call]!()).data).toBeTypeOf('object')
  })
})

test('operations queued offline are applied back online', async () => {
  await line.restore()
  const store = await openStore(bob)
  await until(store.group$(groups.open), group => group?.name === 'Boat' && group.ownerID === bob)
  await until(store.groups$, all => !all.rows.some(group => group.groupID === groups.asking))
  await until(store.members$(groups.closed, { offset: 0, limit: 10 }), ({ rows }) =>
    rows.some(member => member.userID === carl)
  )
  expect(refusals).toEqual([])
})
