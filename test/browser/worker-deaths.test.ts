/**
 * Workers that die again and again, every fifth before it opens. `WORKER_DEATHS=300` makes the long
 * run. Each operation must take effect once, however often its answer is lost.
 */

import { expect, inject, test } from 'vitest'
import { isGroupError, type GroupStore } from 'offline-groups'
import TIM from 'offline-groups/tim'
import { fresh, openStore, tokenFor, until } from './connect.ts'

const script = new URL('../../dist/src/worker.js', import.meta.url).href
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Deaths before the store is open: a missing script, a failing one, and one that is cut off. */
const stillborn: readonly (() => Worker)[] = [
  () => new Worker('/nowhere.js', { type: 'module' }),
  () => new Worker('data:text/javascript,throw new Error("on purpose")', { type: 'module' }),
  () => {
    const worker = new Worker(script, { type: 'module' })
    setTimeout(() => worker.terminate(), Math.random() * 100)
    return worker
  }
]

function startMortal() {
  let count = 0
  let unopened = 0
  let latest: Worker | undefined
  return {
    worker() {
      count++
      const kill = count % 5 === 0 ? stillborn[unopened++ % stillborn.length] : undefined
      return (latest = kill?.() ?? new Worker(script, { type: 'module' }))
    },
    killSoon: async () => {
      await pause(Math.random() * 400)
      latest?.terminate()
    },
    deaths: () => count - 1,
    unopened: () => unopened
  }
}

/** Applies an operation until it is accepted. Returns how often its answer was lost. */
async function applySurely(store: GroupStore, name: string): Promise<number> {
  let lost = 0
  let options = {}
  for (;;) {
    const answer = await store.apply('createGroup', { name, type: 'Public' }, options)
    if (!isGroupError(answer)) return lost
    if (answer.code !== 4510 || answer.opID === undefined) throw new Error(JSON.stringify(answer))
    options = { opID: answer.opID }
    lost++
  }
}

test(
  'operations take effect once although workers die',
  { timeout: 900_000 },
  async ({ annotate }) => {
    const ann = fresh('ann')
    const mortal = startMortal()
    const store = await openStore(ann, { worker: mortal.worker })
    let accepted = 0
    let lost = 0
    while (mortal.deaths() < inject('workerDeaths')) {
      const [answersLost] = await Promise.all([
        applySurely(store, `Group ${accepted++}`),
        mortal.killSoon()
      ])
      lost += answersLost
    }
    await store.close()
    const next = await openStore(ann)
    await until(next.status$, ({ caughtUp, pending }) => caughtUp && pending === 0)
    const { rows } = await until(next.groups$, ({ stale }) => !stale)
    const figures = `${mortal.deaths()} deaths, ${mortal.unopened()} before opening`
    await annotate(`${figures}; ${accepted} operations accepted, ${lost} answers lost`)
    expect(rows.map(({ name }) => name).sort()).toEqual(
      Array.from({ length: accepted }, (_, index) => `Group ${index}`).sort()
    )
  }
)

test('a TIM call whose worker dies resolves with one group', async () => {
  const ann = fresh('ann')
  let latest: Worker | undefined
  const worker = () => (latest = new Worker(script, { type: 'module' }))
  const tim = TIM.create({ SDKAppID: 1, url: inject('url'), worker })
  const isReady = new Promise(resolve => tim.once(TIM.EVENT.SDK_READY, resolve))
  await tim.login({ userID: ann, userSig: await tokenFor(ann) })
  await isReady
  const creating = tim.createGroup({ name: 'Crew', type: TIM.TYPES.GRP_PUBLIC })
  latest?.terminate()
  const { data } = await creating
  const { groupList } = (await tim.getGroupList()).data
  expect(groupList.map(({ groupID }) => groupID)).toEqual([data.group.groupID])
  await tim.destroy()
})
