/**
 * One worker, watched from its first moment. Browsers end workers without an event, and a script
 * may never arrive, so the page notices a death in four ways:
 *
 *   loading ──acknowledges `open`──▶ running ──▶ dead
 *      │                                │
 *      ├─ `error` event                 ├─ the lock that it holds is granted to the page
 *      └─ no acknowledgement in time    └─ no answer to a ping while calls are under way
 *
 * Time is counted in ticks of this page: while a device sleeps, neither page nor worker runs.
 */

import { transfer, wrap } from 'comlink'
import type { EngineApi, OpenedDatabase } from '../engine/api.ts'
import type { StreamFrame, StreamRequest } from '../engine/stream-api.ts'
import type { StoreLocation, WorkerApi } from '../engine/worker-api.ts'
import { newID } from '../host/random-id.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import { batched } from './batched.ts'
import { failureOf } from './failed-workers.ts'
import { until } from './until.ts'

const tickMs = 1000
const pingAfterTicks = 5
/** A ping must be answered within 10 ticks. */
const silentTicksMax = pingAfterTicks + 10

export type RunningWorker = {
  /** The answer of the worker, or the error of its death. */
  call(name: keyof EngineApi, args: readonly unknown[]): Promise<unknown>
  request(request: StreamRequest): void
  /** Resolves when the engine is open, with the reason if it cannot. Never resolves after death. */
  readonly opened: Promise<GroupError | OpenedDatabase>
  readonly died: Promise<GroupError>
  /** Calls under way are answered with the error. */
  end(error: GroupError): void
}

export type RunOptions = {
  readonly location: StoreLocation
  /** The time for loading the script and acknowledging `open`. */
  readonly openWithinTicks: number
  onFrame(frame: StreamFrame): void
}

export function runWorker(
  worker: Worker,
  { location, openWithinTicks, onFrame }: RunOptions
): RunningWorker {
  const { port1: port, port2 } = new MessageChannel()
  const api = wrap<WorkerApi>(batched(worker)) as unknown as WorkerApi
  const lock = `offline-groups worker ${newID()}`
  const stopWatching = new AbortController()
  let die: (error: GroupError) => void
  const died = new Promise<GroupError>(resolve => (die = resolve))
  const whileAlive = until(died)
  let isLoading = true
  let callsUnderWay = 0
  /** Since the last sign of life, while the page waits for one. */
  let silentTicks = 0
  let timer: ReturnType<typeof setInterval> | undefined

  function end(error: GroupError): void {
    clearInterval(timer)
    stopWatching.abort()
    port.onmessage = null
    port.close()
    worker.terminate()
    die(error)
  }
  const fail = (reason: string) => end(groupError('WorkerFailed', reason))

  const isAlive = () => void (silentTicks = 0)
  function onTick(): void {
    if (!isLoading && callsUnderWay === 0) {
      clearInterval(timer)
      timer = undefined
      return isAlive()
    }
    silentTicks++
    if (silentTicks === pingAfterTicks && !isLoading) void api.ping().then(isAlive)
    if (silentTicks >= (isLoading ? openWithinTicks : silentTicksMax)) fail('it does not answer')
  }
  const watch = () => void (timer ??= setInterval(onTick, tickMs))

  function watchLock(): void {
    navigator.locks
      .request(lock, { signal: stopWatching.signal }, () => fail('it has ended'))
      .catch(() => {
        // Expected: the worker was ended, or the browser refuses locks. Pings notice its death.
      })
  }

  port.onmessage = ({ data }: MessageEvent<string>) => {
    isAlive()
    onFrame(JSON.parse(data) as StreamFrame)
  }
  worker.addEventListener('error', ({ message }) => isLoading && fail(message))
  void api.open(location, transfer(port2, [port2]), lock).then(isLocked => {
    isLoading = false
    isAlive()
    if (isLocked === true) watchLock()
  })
  watch()
  const failure = failureOf(worker)
  if (failure !== undefined) fail(failure)

  return {
    async call(name, args) {
      // Comlink's types wrap each call once more. Its calls return what the API says.
      const call = api[name] as (...args: unknown[]) => Promise<unknown>
      callsUnderWay++
      watch()
      try {
        return await whileAlive(call(...args))
      } finally {
        callsUnderWay--
        isAlive()
      }
    },
    request: request => port.postMessage(request),
    opened: api.opened(),
    died,
    end
  }
}
