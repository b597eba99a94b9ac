/** Workers that do not load, die or hang: calls settle, and the next worker goes on. */

import { expect, inject, onTestFinished, test } from 'vitest'
import { isGroupError, type GroupError } from 'offline-groups'
import TIM from 'offline-groups/tim'
import { fresh, openStore, removeDatabase, taken, tokenFor, until } from './connect.ts'

const script = new URL('../../dist/src/worker.js', import.meta.url).href
const startWorker = () => new Worker(script, { type: 'module' })
const missingWorker = () => new Worker('/nowhere.js', { type: 'module' })
const killedWorker = () => {
  const worker = startWorker()
  worker.terminate()
  return worker
}

/** The package's worker after some code of a test. */
function changedWorker(code: string): Worker {
  // Static imports run in order. While a worker awaits an import, it loses its first messages.
  const first = `data:text/javascript,${encodeURIComponent(code)}`
  const source = `import ${JSON.stringify(first)}; import ${JSON.stringify(script)}`
  const blob = new Blob([source], { type: 'text/javascript' })
  return new Worker(URL.createObjectURL(blob), { type: 'module' })
}
/** It hangs for good when it is told to. */
const hangableWorker = () =>
  changedWorker(`addEventListener('message', ({ data }) => { if (data === 'hang') for (;;); })`)
/** As on a page that is not secure. */
const lockLessWorker = () => changedWorker('delete WorkerNavigator.prototype.locks')

/** Makes these workers one after another, and then the package's own. */
function startAfter(...first: (() => Worker)[]) {
  const workers: Worker[] = []
  const worker = () => {
    const made = (first[workers.length] ?? startWorker)()
    workers.push(made)
    return made
  }
  return { worker, workers }
}

const errorOf = (answer: object): GroupError => {
  if (!isGroupError(answer)) throw new Error(`not an error: ${JSON.stringify(answer)}`)
  return answer
}

test.concurrent(
  'a worker that loads at the third attempt serves the store',
  async ({ expect, onTestFinished }) => {
    const { worker, workers } = startAfter(missingWorker, missingWorker)
    const store = await openStore(fresh('ann'), { worker }, onTestFinished)
    await until(store.status$, ({ connection }) => connection === 'online')
    const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
    expect([workers.length, await store.settled(opID)]).toMatchObject([3, { kind: 'applied' }])
  }
)

test.concurrent(
  'the status says that a worker does not load',
  async ({ expect, onTestFinished }) => {
    const { worker } = startAfter(...Array.from({ length: 100 }, () => missingWorker))
    const store = await openStore(fresh('ann'), { worker }, onTestFinished)
    const status = await until(store.status$, ({ lastError }) => lastError !== null)
    expect(status).toMatchObject({
      connection: 'offline',
      caughtUp: false,
      lastError: { code: 4510 }
    })
  }
)

test.concurrent(
  'a call answers 4510 if its worker dies before opening',
  async ({ expect, onTestFinished }) => {
    const { worker } = startAfter(killedWorker)
    const store = await openStore(fresh('ann'), { worker }, onTestFinished)
    expect(await store.apply('createGroup', { name: 'Crew' })).toMatchObject({ code: 4510 })
  }
)

test.concurrent(
  'a worker that dies before it opens is replaced',
  async ({ expect, onTestFinished }) => {
    const { worker } = startAfter(killedWorker)
    const store = await openStore(fresh('ann'), { worker }, onTestFinished)
    await until(store.status$, ({ connection }) => connection === 'online')
    expect(taken(await store.apply('createGroup', { name: 'Crew' })).groupID).toMatch(/^@TGS#/)
  }
)

test.concurrent(
  'a store whose worker never loads closes at once',
  async ({ expect, onTestFinished }) => {
    const { worker } = startAfter(...Array.from({ length: 100 }, () => missingWorker))
    const store = await openStore(fresh('ann'), { worker }, onTestFinished)
    await until(store.status$, ({ lastError }) => lastError !== null)
    await store.close()
    expect(await store.apply('createGroup', { name: 'Crew' })).toMatchObject({ code: 2999 })
  }
)

test.concurrent(
  'a call of a worker that hangs is answered 4510',
  async ({ expect, onTestFinished }) => {
    const { worker, workers } = startAfter(hangableWorker)
    const store = await openStore(fresh('ann'), { worker }, onTestFinished)
    taken(await store.apply('createGroup', { name: 'Crew' }))
    workers[0]?.postMessage('hang')
    expect(await store.apply('createGroup', { name: 'Boat' })).toMatchObject({ code: 4510 })
  }
)

test.concurrent(
  'the next worker applies an operation that a hung one held',
  async ({ expect, onTestFinished }) => {
    const { worker, workers } = startAfter(hangableWorker)
    const store = await openStore(fresh('ann'), { worker, paused: true }, onTestFinished)
    taken(await store.apply('createGroup', { name: 'Crew' }))
    workers[0]?.postMessage('hang')
    const { opID } = errorOf(await store.apply('createGroup', { name: 'Boat' }))
    const repeated = taken(
      await store.apply('createGroup', { name: 'Boat' }, { opID: String(opID) })
    )
    const pending = (await until(store.outbox$, () => true)).filter(
      ({ args }) => args['name'] === 'Boat'
    )
    expect(pending).toMatchObject([{ opID: repeated.opID }])
  }
)

test.concurrent(
  'a call notices the death of its worker without Web Locks',
  async ({ expect, onTestFinished }) => {
    const { worker, workers } = startAfter(lockLessWorker)
    const store = await openStore(fresh('ann'), { worker, paused: true }, onTestFinished)
    taken(await store.apply('createGroup', { name: 'Crew' }))
    workers[0]?.terminate()
    expect(await store.apply('createGroup', { name: 'Boat' })).toMatchObject({ code: 4510 })
  }
)

test.concurrent(
  'a wait for a verdict goes on in the next worker',
  async ({ expect, onTestFinished }) => {
    const { worker, workers } = startAfter()
    const store = await openStore(fresh('ann'), { worker, paused: true }, onTestFinished)
    const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
    const settling = store.settled(opID)
    workers[0]?.terminate()
    await expect.poll(() => workers.length).toBe(2)
    await store.resume()
    expect(await settling).toMatchObject({ kind: 'applied' })
  }
)

test.concurrent(
  'an operation that was applied before its worker died is applied once',
  async ({ expect, onTestFinished }) => {
    const { worker, workers } = startAfter()
    const store = await openStore(fresh('ann'), { worker }, onTestFinished)
    const first = taken(await store.apply('createGroup', { name: 'Crew' }))
    await store.settled(first.opID)
    workers[0]?.terminate()
    await expect.poll(() => workers.length).toBe(2)
    const { opID } = first
    const second = taken(await store.apply('createGroup', { name: 'Crew' }, { opID }))
    await until(store.status$, ({ caughtUp, pending }) => caughtUp && pending === 0)
    const { rows } = await until(store.groups$, () => true)
    expect([second.groupID, rows.length]).toEqual([first.groupID, 1])
  }
)

test('a hidden page ends its worker and starts another when shown', async () => {
  const { worker, workers } = startAfter()
  const store = await openStore(fresh('ann'), { worker })
  taken(await store.apply('createGroup', { name: 'Crew' }))
  const names: string[][] = []
  store.groups$.subscribe(({ rows }) => names.push(rows.map(({ name }) => name)))
  dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
  const answering = store.apply('createGroup', { name: 'Boat' })
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
  taken(await answering)
  expect([workers.length, names.every(list => list.includes('Crew'))]).toEqual([2, true])
  expect(names.at(-1)).toContain('Boat')
})

test('a TIM login waits for a second attempt to load the worker', async () => {
  const userID = fresh('ann')
  const { worker, workers } = startAfter(missingWorker)
  const tim = TIM.create({ SDKAppID: 4510, url: inject('url'), worker })
  onTestFinished(() => tim.destroy())
  await tim.login({ userID, userSig: await tokenFor(userID) })
  expect([workers.length, (await tim.getGroupList()).data.groupList]).toEqual([2, []])
})

test('a TIM login with one worker rejects if it does not load', async () => {
  const userID = fresh('ann')
  const tim = TIM.create({ SDKAppID: 4511, url: inject('url'), worker: missingWorker() })
  onTestFinished(() => tim.destroy())
  const login = tim.login({ userID, userSig: await tokenFor(userID) })
  await expect(login).rejects.toMatchObject({ code: 4510 })
})

test('a TIM login rejects if its worker has failed before', async () => {
  const userID = fresh('ann')
  const worker = missingWorker()
  const failed = new Promise(resolve => worker.addEventListener('error', resolve))
  const tim = TIM.create({ SDKAppID: 4512, url: inject('url'), worker })
  onTestFinished(() => tim.destroy())
  await failed
  const login = tim.login({ userID, userSig: await tokenFor(userID) })
  await expect(login).rejects.toMatchObject({ code: 4510 })
})

/** Puts the page away, lets another tab act, and shows the page again. */
async function whileAway(act: () => Promise<void>): Promise<void> {
  dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
  await act()
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
}

test.each([false, true])(
  'a page hidden during a logout ends its store (login since: %s)',
  async isLoggedInAgain => {
    const userID = fresh('ann')
    const { worker } = startAfter()
    const store = await openStore(userID, { worker })
    await until(store.status$, ({ caughtUp }) => caughtUp)
    let isComplete = false
    store.groups$.subscribe({ complete: () => (isComplete = true) })
    await whileAway(async () => {
      const other = await openStore(userID)
      expect(await other.logout({ pending: 'discard' })).toBeNull()
      if (!isLoggedInAgain) return
      const next = await openStore(userID)
      await until(next.status$, ({ caughtUp }) => caughtUp)
    })
    await expect.poll(() => isComplete).toBe(true)
    expect(await store.apply('createGroup', { name: 'Crew' })).toMatchObject({ code: 2999 })
    expect(await until(store.status$, () => true)).toMatchObject({ lastError: { code: 2999 } })
    if (isLoggedInAgain) return
    const names = (await indexedDB.databases()).map(({ name }) => name)
    expect(names.filter(name => name?.endsWith(userID))).toEqual([])
  }
)

test('a page that was away while another tab closed goes on', async () => {
  const userID = fresh('ann')
  const { worker } = startAfter()
  const store = await openStore(userID, { worker, paused: true })
  taken(await store.apply('createGroup', { name: 'Crew' }))
  await whileAway(async () => (await openStore(userID, { paused: true })).close())
  taken(await store.apply('createGroup', { name: 'Boat' }))
  expect(await until(store.outbox$, rows => rows.length > 1)).toHaveLength(2)
})

test('a page that was away while its database was lost goes on', async () => {
  const userID = fresh('ann')
  const { worker } = startAfter()
  const store = await openStore(userID, { worker, paused: true })
  taken(await store.apply('createGroup', { name: 'Crew' }))
  await whileAway(async () => {
    const other = await openStore(userID, { paused: true })
    taken(await other.apply('createGroup', { name: 'Raft' }))
    await removeDatabase(userID)
    // The other tab writes its rows again.
    await until(other.storage$, ({ loss }) => loss !== null)
    await until(other.status$, ({ lastError }) => lastError === null)
    taken(await other.apply('createGroup', { name: 'Ship' }))
  })
  taken(await store.apply('createGroup', { name: 'Boat' }))
  const names = (await until(store.outbox$, rows => rows.length > 3)).map(
    ({ args }) => args['name']
  )
  expect(new Set(names)).toEqual(new Set(['Crew', 'Raft', 'Ship', 'Boat']))
})
