/** The built files run where there is only ES2019, timers and the calls of the platform. */

import { filter, firstValueFrom, map } from 'rxjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { generateUserSig, startServer, type SyncServer } from '../../src/server/main.ts'
import type * as MiniProgram from '../../src/mini-program.ts'
import type { MiniProgramCalls } from '../../src/mini-program/platforms/of-calls.ts'
import { buildFiles, hasOnlySyntaxOf, loadBare, type Files, type Promises } from './realm.ts'
import { createWx } from './wx.ts'

const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
let server: SyncServer
let files: Files
let modules: Files
let generators: Files

beforeAll(async () => {
  server = await startServer({ ...app, database: createMemoryDatabase('epoch-1') })
  files = await buildFiles('cjs')
  modules = await buildFiles('esm')
  generators = await buildFiles('cjs', 'es2016')
})
afterAll(() => server.close())

const tokenOf = (userID: string) => generateUserSig(app, { userID })
const open = (
  { createGroupStore, weChat }: typeof MiniProgram,
  wx: MiniProgramCalls,
  userID: string,
  paused = false
) =>
  createGroupStore({
    url: server.url,
    userID,
    token: tokenOf(userID),
    platform: weChat(wx),
    paused
  })

const kinds: readonly Promises[] = ['native promises', 'promises of timers']

test('the syntax of both builds is ES2019 without dynamic imports', () => {
  const sources = [...files.values(), ...modules.values()]
  expect(sources.filter(code => !hasOnlySyntaxOf('es2019', code))).toEqual([])
  expect(sources.filter(code => /\bimport\s*\(/.test(code))).toEqual([])
})

test('newer syntax than ES2019 is noticed', () => {
  expect(
    ['a?.b', 'a ?? b', 'class A { b = 1 }'].filter(code => hasOnlySyntaxOf('es2019', code))
  ).toEqual([])
})

test('both builds have the same exports', () => {
  const names = (name: string) => Object.keys(loadBare<object>(files, name, 'native promises'))
  for (const name of ['index.js', 'store.js']) {
    const exported = /export\s*\{([^}]*)\}/.exec(modules.get(name) ?? '')?.[1] ?? ''
    const expected = exported.split(',').map(each => each.split(' as ').pop()?.trim() ?? '')
    expect(names(name).sort()).toEqual(expected.sort())
  }
})

describe.each(kinds)('with %s', promises => {
  const isNative = promises === 'native promises'
  const load = (name = 'index.js') =>
    loadBare<typeof MiniProgram>(isNative ? files : generators, name, promises)

  test.each(['index.js', 'store.js'])(
    'an offline operation of %s is sent after a restart',
    async name => {
      const wx = createWx()
      const userID = `ann-${name}-${kinds.indexOf(promises)}`
      const first = open(load(name), wx, userID, true)
      const created = await first.apply('createGroup', { type: 'Public', name: 'Crew' })
      expect(created).not.toHaveProperty('code')
      await first.close()

      const second = open(load(name), wx, userID)
      const { groupID } = created as { groupID: string }
      const done = second.status$.pipe(filter(({ caughtUp, pending }) => caughtUp && pending === 0))
      await firstValueFrom(done)
      const { rows } = await firstValueFrom(second.groups$)
      expect(rows.map(group => group.groupID)).toEqual([groupID])
      expect(wx.sendsAtOnce()).toBe(1)
      await second.close()
    }
  )

  test('the store connects again when the program is shown', async () => {
    const wx = createWx()
    const store = open(load(), wx, `bob-${kinds.indexOf(promises)}`)
    const online = () =>
      firstValueFrom(store.status$.pipe(filter(({ connection }) => connection === 'online')))
    await online()
    wx.cut()
    await firstValueFrom(store.status$.pipe(filter(({ connection }) => connection !== 'online')))
    wx.fire('show')
    expect(await online()).toMatchObject({ lastError: null })
    await store.close()
  })

  test('the TIM calls create and list a group', async () => {
    const { createTim, weChat } = load()
    const userID = `cy-${kinds.indexOf(promises)}`
    const TIM = createTim(weChat(createWx()))
    const tim = TIM.create({ SDKAppID: app.sdkAppID, url: server.url })
    const ready = new Promise<void>(resolve => tim.on(TIM.EVENT.SDK_READY, () => resolve()))
    await tim.login({ userID, userSig: tokenOf(userID) })
    await ready
    const { data } = await tim.createGroup({ type: TIM.TYPES.GRP_PUBLIC, name: 'Crew' })
    const { data: listed } = await tim.getGroupList()
    expect(listed.groupList.map(({ groupID }) => groupID)).toEqual([data.group.groupID])
    await tim.destroy()
  })

  test('a platform without random values has different IDs', async () => {
    const { getRandomValues: _, ...wx } = createWx()
    const store = open(load(), wx, 'dee', true)
    const answers = await Promise.all(
      [1, 2, 3].map(() => store.apply('createGroup', { type: 'Public', name: 'Crew' }))
    )
    expect(new Set(answers.map(answer => 'opID' in answer && answer.opID)).size).toBe(3)
    const pending = await firstValueFrom(store.outbox$.pipe(map(rows => rows.length)))
    expect(pending).toBe(3)
    await store.close()
  })

  test('a missing platform is refused with 10004', async () => {
    const { createGroupStore } = load()
    const store = createGroupStore({ url: server.url, userID: 'eve', token: '' } as never)
    expect(
      await store.resume().then(() => store.preview('quitGroup', { groupID: 'crew' }))
    ).toMatchObject({
      error: { code: 10004 }
    })
    expect(await store.apply('quitGroup', { groupID: 'crew' })).toMatchObject({ code: 10004 })
  })
})
