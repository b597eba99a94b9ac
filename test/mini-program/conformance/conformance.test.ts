/**
 * The store of a mini-program behaves alike on five platforms. Each test is a life on one device:
 * a store is closed and opened again on the same storage. Others are on the real sync server.
 */

import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import {
  createGroupStore,
  createTim,
  type GroupStore,
  type Platform
} from 'offline-groups/mini-program'
import { fresh, openLine, taken, tokenFor, until } from '../../browser/connect.ts'
import { elsewhere } from '../../browser/session.ts'
import { hosts } from './hosts.ts'

const bob = fresh('bob')
const festival = fresh('festival')
const maxMemberNum = 6000
const users = hosts.map(() => fresh('ann'))
let asBob: Awaited<ReturnType<typeof elsewhere>>

beforeAll(async () => {
  asBob = await elsewhere(bob, afterAll)
  const memberList = users.map(userID => ({ userID }))
  await asBob('createGroup', { groupID: festival, name: 'Festival', maxMemberNum, memberList })
  const crowd = Array.from({ length: maxMemberNum - users.length - 1 }, (_, index) => `m${index}`)
  for (let start = 0; start < crowd.length; start += 500)
    await asBob('addGroupMember', {
      groupID: festival,
      userIDList: crowd.slice(start, start + 500)
    })
})
afterAll(() => localStorage.clear())

type Options = { readonly paused?: boolean; readonly url?: string }

async function openOn(platform: Platform, userID: string, options: Options = {}) {
  const token = await tokenFor(userID)
  const store = createGroupStore({ url: inject('url'), userID, token, platform, ...options })
  onTestFinished(() => store.close())
  return store
}

const caughtUp = (store: GroupStore) =>
  until(store.status$, status => status.caughtUp && status.pending === 0)
const namesIn = async (store: GroupStore) =>
  (await until(store.groups$, () => true)).rows.map(({ name }) => name)

describe.each(hosts.map((host, index) => ({ ...host, user: users[index]! })))(
  'on $name',
  ({ load, user }) => {
    let start: () => Platform
    beforeAll(async () => {
      start = await load()
    })

    test('offline operations survive a restart and reach the server', async () => {
      const ann = fresh('ann')
      const first = await openOn(start(), ann, { paused: true })
      const memberList = [{ userID: bob }]
      const { groupID } = taken(
        await first.apply('createGroup', { type: 'Public', name: 'Crew', memberList })
      )
      taken(await first.apply('updateGroupProfile', { groupID, name: 'Boat crew' }))
      await first.close()

      const second = await openOn(start(), ann, { paused: true })
      await until(second.status$, ({ pending }) => pending === 2)
      expect(await namesIn(second)).toEqual(['Boat crew'])
      await second.resume()
      await caughtUp(second)
      expect(await asBob('setGroupMemberNameCard', { groupID, nameCard: 'Bo' })).toMatchObject({
        kind: 'applied'
      })
      const { rows } = await until(second.members$(groupID, { offset: 0, limit: 10 }), ({ rows }) =>
        rows.some(({ nameCard }) => nameCard === 'Bo')
      )
      expect(rows.map(({ userID, role }) => [userID, role])).toEqual([
        [ann, 'Owner'],
        [bob, 'Member']
      ])
      await second.close()

      const third = await openOn(start(), ann, { paused: true })
      await until(third.groups$, ({ rows }) => rows.length === 1)
      expect(await until(third.outbox$, () => true)).toEqual([])
    })

    test('a refused operation has its cause after a restart', async () => {
      const ann = fresh('ann')
      const groupID = fresh('crew')
      const memberList = [{ userID: ann, role: 'Admin' }] as const
      await asBob('createGroup', { groupID, type: 'Public', name: 'Crew', memberList })
      const first = await openOn(start(), ann)
      await until(first.group$(groupID), group => group !== null)
      await first.pause()
      const { opID } = taken(await first.apply('updateGroupProfile', { groupID, name: 'Mine' }))
      expect(await namesIn(first)).toEqual(['Mine'])
      await asBob('deleteGroupMember', { groupID, userIDList: [ann] })
      await first.resume()
      const cause = { reason: 'kicked', by: bob }
      expect(await first.settled(opID)).toMatchObject({ kind: 'rejected', cause })
      await first.close()

      const second = await openOn(start(), ann, { paused: true })
      const [entry] = await until(second.verdicts$, entries => entries.length > 0)
      expect(entry).toMatchObject({ name: 'updateGroupProfile', verdict: { opID, cause } })
      expect(await namesIn(second)).toEqual([])
    })

    test('a member who is removed loses the group and gets a notice', async () => {
      const ann = fresh('ann')
      const groupID = fresh('crew')
      const memberList = [{ userID: ann }]
      await asBob('createGroup', { groupID, type: 'Public', name: 'Crew', memberList })
      const store = await openOn(start(), ann)
      await until(store.group$(groupID), group => group !== null)
      await asBob('deleteGroupMember', { groupID, userIDList: [ann] })
      await until(store.group$(groupID), group => group === null)
      const { rows } = await until(store.notices$, ({ rows }) => rows.length > 1)
      expect(rows.map(notice => notice.operatorID)).toEqual([bob, bob])
    })

    test('a group of 6,000 members is loaded, and shown after a restart', async () => {
      const first = await openOn(start(), user)
      const last = { offset: maxMemberNum - 20, limit: 20 }
      const { rows, total } = await until(
        first.members$(festival, last),
        ({ complete, rows }) => complete && rows.length === 20
      )
      expect(total).toBe(maxMemberNum)
      await first.close()

      const second = await openOn(start(), user, { paused: true })
      const shown = await until(second.members$(festival, last), list => list.rows.length === 20)
      expect(shown.rows.map(({ userID }) => userID)).toEqual(rows.map(({ userID }) => userID))
    })

    test('the TIM calls list the groups without a network', async () => {
      const line = await openLine()
      const { TYPES, EVENT, create } = createTim(start())
      const userID = fresh('ann')
      const login = async () => {
        const tim = create({ SDKAppID: 1400000000, url: line.url })
        onTestFinished(() => tim.destroy().then(() => undefined))
        const ready = new Promise(resolve => tim.once(EVENT.SDK_READY, resolve))
        await tim.login({ userID, userSig: await tokenFor(userID) })
        await ready
        return tim
      }
      const first = await login()
      await first.createGroup({ type: TYPES.GRP_WORK, name: 'Crew' })
      await first.destroy()
      await line.cut()
      const { data } = await (await login()).getGroupList()
      expect(data.groupList.map(({ name }) => name)).toEqual(['Crew'])
    })
  }
)
