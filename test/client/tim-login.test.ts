/** Login of the TIM API: its events and their order, and calls that come early. */

import { describe, expect, test } from 'vitest'
import TIM, { type Tim, type TimEventName } from '../../src/tim/tim.ts'
import { createTim, logIn, openServer, userSigOf } from './page.ts'

/** The names of events, with `name` for a resolved login. */
function recordEvents(tim: Tim): string[] {
  const events: string[] = []
  for (const name of Object.values(TIM.EVENT) as TimEventName[])
    tim.on(name, event => events.push(event.name))
  return events
}

async function serverWithGroups(count: number) {
  const server = await openServer()
  const before = await logIn(server.url, 'ann')
  for (let index = 0; index < count; index++)
    await before.createGroup({ groupID: `crew-${index}`, name: 'Crew', type: 'Public' })
  const { memberList } = (await before.getGroupMemberList({ groupID: 'crew-0' })).data
  expect(memberList).toHaveLength(1)
  return server
}

describe('on a new device', () => {
  /** Ann's groups, invited by others: her new device holds nothing of them. */
  async function invited() {
    const { url } = await openServer()
    const bob = await logIn(url, 'bob')
    await bob.createGroup({ groupID: 'crew', name: 'Crew', memberList: [{ userID: 'ann' }] })
    await bob.createGroup({ groupID: 'den', name: 'Den', memberList: [{ userID: 'ann' }] })
    return url
  }

  test('login resolves before the list, and the list comes before SDK_READY', async () => {
    const tim = createTim(await invited())
    const events = recordEvents(tim)
    const ready = new Promise<void>(resolve => tim.once(TIM.EVENT.SDK_READY, () => resolve()))
    await tim.login({ userID: 'ann', userSig: userSigOf('ann') }).then(() => events.push('login'))
    await ready
    expect(events.slice(0, 3)).toEqual(['login', TIM.EVENT.GROUP_LIST_UPDATED, TIM.EVENT.SDK_READY])
  })

  test.each(['after login', 'in a handler of SDK_READY'])(
    'getGroupList %s has all groups',
    async moment => {
      const tim = createTim(await invited())
      const inHandler = new Promise<string[]>(resolve =>
        tim.once(TIM.EVENT.SDK_READY, () => resolve(listed(tim)))
      )
      await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
      expect(await (moment === 'after login' ? listed(tim) : inHandler)).toEqual(['crew', 'den'])
    }
  )
})

const listed = async (tim: Tim): Promise<string[]> =>
  (await tim.getGroupList()).data.groupList.map(({ groupID }) => groupID).sort()

test('a user without groups gets an empty list before SDK_READY', async () => {
  const { url } = await openServer()
  const tim = createTim(url)
  const lists: number[] = []
  tim.on(TIM.EVENT.GROUP_LIST_UPDATED, ({ data }) => lists.push(data.length))
  const ready = new Promise<void>(resolve => tim.once(TIM.EVENT.SDK_READY, () => resolve()))
  await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
  await ready
  expect(lists).toEqual([0])
})

test('a user with groups on the device is ready without a network', async () => {
  const server = await serverWithGroups(2)
  const first = await logIn(server.url, 'ann')
  await expect.poll(() => listed(first)).toEqual(['crew-0', 'crew-1'])
  await first.destroy()
  await server.close()
  const again = await logIn(server.url, 'ann')
  expect(await listed(again)).toEqual(['crew-0', 'crew-1'])
})

test('a call whose user logs out before SDK_READY rejects with 2999', async () => {
  const { url } = await openServer()
  const tim = createTim(url)
  await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
  const call = tim.getGroupList()
  await tim.logout()
  await expect(call).rejects.toMatchObject({ code: 2999 })
})
