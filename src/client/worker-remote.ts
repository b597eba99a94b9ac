/**
 * The connection of a page to its engine in a worker.
 *
 *   started ──dies──▶ waiting ──after a pause, at a call, at `online`──▶ started
 *      └──page is hidden or frozen──▶ suspended ──page is shown──▶ started
 *
 * Why: browsers end workers to get memory back, and a script may fail to load. Another worker takes
 * the place of one that has died, for ever, after pauses of 0.5 s to 30 s. The streams are opened
 * again. Unchanged rows stay the same objects, so nothing flashes.
 *
 * A page that the browser freezes, or keeps for its back button, ends its worker. Otherwise the
 * worker would keep the leader's lock and a connection to the database, and all tabs would wait.
 * Nothing that was acknowledged is lost, because it is on disk.
 */

import { isGroupError, type EngineApi } from '../engine/api.ts'
import { forEachCall, type StoreLocation } from '../engine/worker-api.ts'
import { postPageClosed } from '../host/page-closed.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import { copying } from './copying.ts'
import { watchPage } from './page-life.ts'
import type { Remote, RemoteListener } from './remote.ts'
import { runWorker, type RunningWorker } from './running-worker.ts'

const firstPauseMs = 500
const longestPauseMs = 30_000
/** A worker that lived for so long after opening is replaced at once. */
const soundAfterMs = 2000
/** Doubles with each worker that does not open: a slow network may need longer for the script. */
const openWithinTicks = { first: 10, longest: 80 }

type Call = {
  readonly name: keyof EngineApi
  readonly args: readonly unknown[]
  resolve(answer: unknown): void
}

/** With a function that makes workers, one that dies is replaced. */
export function connectWorker(
  made: Worker | (() => Worker),
  location: StoreLocation,
  listener: RemoteListener
): Remote {
  const isReplaceable = typeof made === 'function'
  let next = location
  let running: RunningWorker | undefined
  let openedAtMs = Infinity
  let lostAtMs = 0
  let failures = 0
  let unopened = 0
  let isFirst = true
  let isSuspended = false
  let isOver = false
  let timer: ReturnType<typeof setTimeout> | undefined
  /** Calls that were made while no worker ran. */
  let waiting: Call[] = []
  let fail: (error: GroupError) => void
  const failed = new Promise<GroupError>(resolve => (fail = resolve))

  function start(): void {
    openedAtMs = Infinity
    const { first, longest } = openWithinTicks
    try {
      const started = runWorker(typeof made === 'function' ? made() : made, {
        location: next,
        openWithinTicks: isReplaceable ? Math.min(longest, first * 2 ** unopened) : longest,
        onFrame: listener.onFrame
      })
      running = started
      void started.opened.then(answer => {
        openedAtMs = performance.now()
        // Another worker of this page follows no crash of the browser.
        next = { ...next, mayFollowCrash: false }
        if (!isGroupError(answer)) next = { ...next, ...answer }
        else if (running === started) fail(answer)
      })
      void started.died.then(error => running === started && lose(error))
      if (!isFirst) listener.onRestart()
      for (const call of waiting.splice(0)) call.resolve(send(started, call))
    } catch (cause) {
      // Expected: no worker can be made, for example because of the content security policy.
      void Promise.resolve().then(() => lose(groupError('WorkerNotMade', String(cause))))
    }
    isFirst = false
  }

  function lose(error: GroupError): void {
    running = undefined
    if (isOver || isSuspended) return
    if (!isReplaceable) return fail(error)
    lostAtMs = performance.now()
    failures = lostAtMs - openedAtMs > soundAfterMs ? 0 : failures + 1
    unopened = openedAtMs === Infinity ? unopened + 1 : 0
    listener.onLost(error)
    for (const call of waiting) if (call.name !== 'settled') call.resolve(error)
    waiting = waiting.filter(({ name }) => name === 'settled')
    if (failures === 0) start()
    else schedule(Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1)))
  }

  function schedule(pauseMs: number): void {
    clearTimeout(timer)
    timer = setTimeout(start, pauseMs)
  }

  /** The user does something, or the network is back. */
  function hasten(): void {
    if (running || isSuspended || isOver || isFirst) return
    schedule(Math.max(0, lostAtMs + firstPauseMs - performance.now()))
  }

  function suspend(): void {
    if (isSuspended || isOver || !isReplaceable) return
    isSuspended = true
    clearTimeout(timer)
    const ended = running
    running = undefined
    listener.onLost(null)
    ended?.end(groupError('WorkerFailed', 'the page is frozen'))
    postPageClosed(location)
  }

  /** The worker ends first: otherwise it could still answer the other tabs as their leader. */
  function closePage(): void {
    if (isReplaceable) return suspend()
    running?.end(groupError('WorkerFailed', 'the page is closed'))
    postPageClosed(location)
  }

  function wake(): void {
    if (!isSuspended || isOver) return
    isSuspended = false
    start()
  }

  function enqueue(call: Call): void {
    if (running) return call.resolve(send(running, call))
    // No engine runs that would have to be closed.
    if (call.name === 'close') return call.resolve(undefined)
    waiting.push(call)
    if (call.name !== 'settled') hasten()
  }

  /** A wait for a verdict has no limit, so it goes on in the next worker. */
  async function send(
    worker: RunningWorker,
    { name, args }: Omit<Call, 'resolve'>
  ): Promise<unknown> {
    const answer = await worker.call(name, args)
    const isCutOff = name === 'settled' && worker !== running && isReplaceable
    return isCutOff ? new Promise(resolve => enqueue({ name, args, resolve })) : answer
  }

  const unwatchPage = watchPage({
    onHidden: suspend,
    onShown: wake,
    onClosed: closePage,
    onOnline: hasten
  })
  start()
  return {
    api: copying(
      forEachCall(name => (...args) => {
        const [token] = args
        if (name === 'renewToken' && typeof token === 'string' && token !== '')
          next = { ...next, token }
        if (name === 'pause' || name === 'resume') next = { ...next, paused: name === 'pause' }
        return new Promise(resolve => enqueue({ name, args, resolve }))
      })
    ),
    // Without a worker, `onRestart` opens all streams later.
    request: request => running?.request(request),
    end() {
      isOver = true
      unwatchPage()
      clearTimeout(timer)
      running?.end(groupError('NotReady'))
    },
    failed
  }
}
