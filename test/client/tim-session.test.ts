/** Tokens and sessions of the TIM API: the app learns when it must log in, and users do not mix. */

import { filter, firstValueFrom } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { generateUserSig } from '../../src/server/main.ts'
import { createAccount } from '../../src/tim/account.ts'
import { createEvents } from '../../src/tim/events.ts'
import TIM, { type GroupTipPayload, type Tim } from '../../src/tim/tim.ts'
import { createGroupStore } from '../../src/create-group-store.ts'
import { openLine } from '../line.ts'
import { createTim, logIn, openServer, userSigOf } from './page.ts'

const codesOf = (tim: Tim) => {
  const codes: number[] = []
  tim.on(TIM.EVENT.ERROR, ({ data }) => codes.push(data.code))
  return codes
}

describe('a user whose groups are on the device', () => {
  /** Logs in with this userSig, first without a network. Then the codes of errors, and the kick. */
  async function returnWith(userSig: string) {
    const server = await openServer()
    const line = await openLine(() => Number(new URL(server.url).port))
    onTestFinished(() => line.end())
    const url = `ws://127.0.0.1:${line.port}/sync`
    const before = await logIn(url, 'ann')
    await before.createGroup({ groupID: 'crew', name: 'Crew' })
    await before.logout()
    line.cut()
    const tim = createTim(url)
    const events: unknown[] = []
    tim.on(TIM.EVENT.ERROR, ({ data }) => events.push(data.code))
    const kicked = new Promise<void>(resolve =>
      tim.on(TIM.EVENT.KICKED_OUT, ({ data }) => {
        events.push(data)
        resolve()
      })
    )
    await tim.login({ userID: 'ann', userSig })
    line.restore()
    await kicked
    return { tim, events }
  }
  const kick = { type: TIM.TYPES.KICKED_OUT_USERSIG_EXPIRED }

  test('is kicked when the server refuses the userSig', async () => {
    const otherKey = generateUserSig(
      { sdkAppID: 1400000000, secretKey: 'another key' },
      { userID: 'ann' }
    )
    const { tim, events } = await returnWith(otherKey)
    expect(events).toEqual([70009, kick])
    const again = await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
    expect(again.data).not.toHaveProperty('repeatLogin')
  })

  test('is kicked when the userSig belongs to another user', async () => {
    expect((await returnWith(userSigOf('bob'))).events).toEqual([70013, kick])
  })
})

test('a call without a login rejects with 2999 and emits no ERROR', async () => {
  const { url } = await openServer()
  const tim = createTim(url)
  const codes = codesOf(tim)
  await expect(tim.getGroupList()).rejects.toMatchObject({ code: 2999 })
  expect(codes).toEqual([])
})

test('a handler of KICKED_OUT can log in again', async () => {
  const { url } = await openServer()
  const tim = createTim(url)
  const again = new Promise<{ data: object }>(resolve =>
    tim.once(TIM.EVENT.KICKED_OUT, () =>
      resolve(tim.login({ userID: 'ann', userSig: userSigOf('ann') }))
    )
  )
  await tim.login({ userID: 'ann', userSig: userSigOf('ann', 2) })
  expect((await again).data).not.toHaveProperty('repeatLogin')
})

test('a second logout resolves after the session has ended', async () => {
  const { url } = await openServer()
  const tim = await logIn(url, 'ann')
  const order: string[] = []
  tim.on(TIM.EVENT.SDK_NOT_READY, () => order.push('not ready'))
  const logouts = ['first', 'second'].map(name => tim.logout().then(() => order.push(name)))
  await Promise.all(logouts)
  expect(order).toEqual(['not ready', 'first', 'second'])
})

test('a login that is logged out while it waits opens no store', async () => {
  const opened: string[] = []
  const open = { ended: (): void => undefined }
  const former = new Promise<void>(resolve => (open.ended = resolve))
  const account = createAccount(
    ({ userID }) => {
      opened.push(userID)
      throw new Error('not reached')
    },
    createEvents(error => expect.fail(String(error))),
    () => ({ url: 'ws://127.0.0.1:1/sync' }),
    () => undefined,
    former
  )
  const login = account.login({ userID: 'ann', userSig: 'sig' })
  await account.logout()
  await expect(login).rejects.toMatchObject({ code: 2999 })
  open.ended()
  await new Promise(resolve => setTimeout(resolve, 0))
  expect(opened).toEqual([])
})

test('a userSig that expires during the session kicks the user out', async () => {
  const { url } = await openServer()
  const tim = createTim(url)
  const kicked = new Promise<unknown>(resolve =>
    tim.on(TIM.EVENT.KICKED_OUT, ({ data }) => resolve(data))
  )
  await tim.login({ userID: 'ann', userSig: userSigOf('ann', 2) })
  expect(await kicked).toEqual({ type: TIM.TYPES.KICKED_OUT_USERSIG_EXPIRED })
})

test('two users in one page see only their own groups', async () => {
  const { url } = await openServer()
  const [ann, bob] = [await logIn(url, 'ann'), await logIn(url, 'bob')]
  await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Private' })
  await bob.createGroup({ groupID: 'den', name: 'Den', type: 'Private' })
  expect((await ann.getGroupList()).data.groupList).toMatchObject([{ groupID: 'crew' }])
  expect((await bob.getGroupList()).data.groupList).toMatchObject([{ groupID: 'den' }])
})

test('two instances of one user show the same groups', async () => {
  const { url } = await openServer()
  const [first, second] = [await logIn(url, 'ann'), await logIn(url, 'ann')]
  await first.createGroup({ groupID: 'crew', name: 'Crew', type: 'Private' })
  await expect
    .poll(async () => (await second.getGroupList()).data.groupList)
    .toMatchObject([{ groupID: 'crew' }])
})

test("events after a handler's logout come once, at the next login", async () => {
  const { url } = await openServer()
  const ann = await logIn(url, 'ann')
  const memberList = [{ userID: 'bob' }]
  await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  await (await logIn(url, 'bob')).logout()
  for (const name of ['First', 'Second', 'Third'])
    await ann.updateGroupProfile({ groupID: 'crew', name })
  const seen: string[][] = []
  for (let visit = 0; visit < 4; visit++) {
    if (visit === 3) await ann.updateGroupProfile({ groupID: 'crew', name: 'Last' })
    const bob = createTim(url)
    const names: string[] = []
    seen.push(names)
    const isOver = new Promise<void>(resolve => {
      bob.on(TIM.EVENT.MESSAGE_RECEIVED, ({ data: [message] }) => {
        const { newGroupProfile } = message!.payload as GroupTipPayload
        if (!newGroupProfile) return
        names.push(newGroupProfile.name!)
        void bob.logout().then(() => resolve())
      })
    })
    await bob.login({ userID: 'bob', userSig: userSigOf('bob') })
    await isOver
  }
  expect(seen).toEqual([['First'], ['Second'], ['Third'], ['Last']])
})

/** Another tab of the user. */
function openTab(url: string, userID: string) {
  const tab = createGroupStore({ url, userID, token: userSigOf(userID), worker: false })
  onTestFinished(() => tab.close())
  return tab
}

test('a logout in another tab ends the session', async () => {
  const { url } = await openServer()
  const tim = await logIn(url, 'ann')
  const events: string[] = []
  for (const name of [TIM.EVENT.SDK_NOT_READY, TIM.EVENT.KICKED_OUT, TIM.EVENT.ERROR])
    tim.on(name, event => events.push(event.name))
  await openTab(url, 'ann').logout()
  await expect.poll(() => events).toEqual([TIM.EVENT.SDK_NOT_READY])
  expect([tim.isReady(), tim.getLoginUser()]).toEqual([false, ''])
  const again = await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
  expect(again.data).not.toHaveProperty('repeatLogin')
})

test('no ERROR follows a logout in its handler', async () => {
  const { url } = await openServer()
  const ann = await logIn(url, 'ann')
  const crew = { groupID: 'crew', name: 'Crew', type: 'Public', memberList: [{ userID: 'bob' }] }
  await ann.createGroup(crew as never)
  const tab = openTab(url, 'bob')
  const members = await firstValueFrom(
    tab.members$('crew', { limit: 2 }).pipe(filter(({ rows }) => rows.length === 2))
  )
  expect(members.rows).toHaveLength(2)
  await tab.pause()
  await ann.deleteGroupMember({ groupID: 'crew', userIDList: ['bob'] })
  await tab.apply('setGroupMemberNameCard', { groupID: 'crew', nameCard: 'Bosun' })
  await tab.apply('setMessageRemindType', { groupID: 'crew', messageRemindType: 'Discard' })
  await tab.resume()
  await firstValueFrom(tab.verdicts$.pipe(filter(verdicts => verdicts.length === 2)))

  const bob = await logIn(url, 'bob')
  const events: string[] = []
  const isOver = new Promise<void>(resolve => {
    bob.on(TIM.EVENT.SDK_NOT_READY, ({ name }) => events.push(name))
    bob.on(TIM.EVENT.ERROR, ({ name }) => {
      events.push(name)
      void bob.logout().then(() => resolve())
    })
  })
  await isOver
  expect(events).toEqual([TIM.EVENT.ERROR, TIM.EVENT.ERROR, TIM.EVENT.SDK_NOT_READY])
})
