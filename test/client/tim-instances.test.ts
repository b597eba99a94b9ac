/** The instances of the TIM API: one per app, until it is destroyed. */

import { expect, onTestFinished, test } from 'vitest'
import TIM, { type Tim } from '../../src/tim/tim.ts'
import { openServer, userSigOf } from './page.ts'

let appID = 1_700_000_000

async function open() {
  const { url } = await openServer()
  const SDKAppID = ++appID
  const create = (id: unknown = SDKAppID): Tim => {
    const tim = TIM.create({ SDKAppID: id as number, url, worker: false })
    onTestFinished(() => tim.destroy())
    return tim
  }
  const tim = create()
  let destroyed = 0
  tim.on(TIM.EVENT.SDK_DESTROY, () => destroyed++)
  return { tim, SDKAppID, create, destroyed: () => destroyed }
}

test('an SDKAppID as text is that of the number', async () => {
  const { tim, SDKAppID, create } = await open()
  expect(create(String(SDKAppID))).toBe(tim)
})

test('an instance created during destroy outlasts it', async () => {
  const { tim, create } = await open()
  await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
  const destroyed = tim.destroy()
  const next = create()
  await destroyed
  expect(next).not.toBe(tim)
  expect(create()).toBe(next)
})

test('a second destroy leaves the next instance', async () => {
  const { tim, create, destroyed } = await open()
  await tim.destroy()
  const next = create()
  await tim.destroy()
  expect(create()).toBe(next)
  expect(destroyed()).toBe(1)
})

test('a login after destroy ends at the next destroy', async () => {
  const { tim } = await open()
  await tim.destroy()
  await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
  await tim.destroy()
  expect(tim.getLoginUser()).toBe('')
})

test('a login after destroy waits for the end of the former session', async () => {
  const { tim, create } = await open()
  await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
  const order: string[] = []
  void tim.destroy().then(() => order.push('destroyed'))
  const next = create()
  await next.login({ userID: 'ann', userSig: userSigOf('ann') })
  order.push('login')
  expect(order).toEqual(['destroyed', 'login'])
})
