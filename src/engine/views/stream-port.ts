/**
 * The streams of one UI thread. The effect of a user's action, and the first result of a stream,
 * are sent at once. Other changes are sent once per painted screen. A slow UI thread gets fewer
 * frames: all changes in between are in the next one.
 *
 * Why here: the UI thread could set the pace instead, but a post to the worker costs it more than
 * receiving a frame.
 */

import { groupError, type GroupError, storageFailed } from '../../kernel/errors.ts'
import {
  framesPerAnswer,
  type Patch,
  type StreamFrame,
  type StreamQuery,
  type StreamRequest
} from '../stream-api.ts'
import type { Touched } from '../state/touched.ts'
import { differenceOf } from './difference.ts'
import { concerns } from './concerns.ts'
import { isStreamRequest, openedStream } from './stream-requests.ts'
import type { StreamsOptions } from './streams.ts'
import type { StreamResult } from './views.ts'

/** More than one answer covers, so that frames do not pause while an answer is under way. */
const framesUnderWayMax = 2 * framesPerAnswer

type Stream = {
  readonly number: number
  readonly query: StreamQuery
  /** The last result that the UI thread was sent. */
  sent: StreamResult | undefined
  isLoaded: boolean
}

type PortOptions = { post(frame: StreamFrame): void; readonly paintMs: number }

export type Port = ReturnType<typeof openPort>

export function openPort(
  { views, lifecycle, state, setTimer, want }: StreamsOptions,
  { post, paintMs }: PortOptions
) {
  const streams = new Map<number, Stream>()
  const changed = new Set<Stream>()
  const refused: [number, Patch][] = []
  /** Versions of frames that the UI thread has not received yet. */
  const underWay: number[] = []
  let isPlanned = false
  let isUrgent = false
  /** Whether the screen with the last frame is being painted. */
  let isPainting = false
  let sentVersion = -1

  function flushSoon(urgent: boolean): void {
    isUrgent ||= urgent
    if (isPlanned) return
    isPlanned = true
    void Promise.resolve().then(() => {
      isPlanned = false
      flush()
    })
  }

  function flush(): void {
    if (underWay.length >= framesUnderWayMax || (isPainting && !isUrgent)) return
    isUrgent = false
    const version = state.version()
    if (changed.size + refused.length === 0 && sentVersion === version) return
    sentVersion = version
    underWay.push(version)
    post({ version, patches: takePatches() })
    if (isPainting || paintMs === 0) return
    isPainting = true
    setTimer(() => {
      isPainting = false
      flush()
    }, paintMs)
  }

  function takePatches(): [number, Patch][] {
    const patches = refused.splice(0)
    for (const stream of changed) {
      const result = views.result(stream.query)
      const patch = differenceOf(stream.sent, result)
      stream.sent = result
      if (patch) patches.push([stream.number, patch])
    }
    changed.clear()
    return patches
  }

  async function open(number: number, query: StreamQuery): Promise<void> {
    closeStream(number)
    const stream: Stream = { number, query, sent: undefined, isLoaded: false }
    streams.set(number, stream)
    if (query.kind === 'members') want(query.groupID)
    // Retained before loading: meanwhile another stream may release the rows.
    views.retain(query)
    try {
      await Promise.all([lifecycle.ready, views.readAhead(query)])
      await views.load(query)
    } catch (error) {
      // Expected: storage has failed.
      views.release(query)
      return refuse(number, storageFailed(error))
    }
    // Meanwhile the stream was closed, or replaced.
    if (streams.get(number) !== stream) return views.release(query)
    stream.isLoaded = true
    changed.add(stream)
    flushSoon(true)
  }

  function refuse(number: number, error: GroupError): void {
    streams.delete(number)
    refused.push([number, { kind: 'error', error }])
    flushSoon(true)
  }

  function closeStream(number: number): void {
    const stream = streams.get(number)
    streams.delete(number)
    if (!stream) return
    changed.delete(stream)
    if (stream.isLoaded) views.release(stream.query)
  }

  function received(version: number): void {
    while (underWay.length > 0 && (underWay[0] ?? 0) <= version) underWay.shift()
    flushSoon(false)
  }

  return {
    publish(touched: Touched): void {
      // The result of a stream that is still loading would show rows as missing.
      for (const stream of streams.values())
        if (stream.isLoaded && concerns(stream.query, touched)) changed.add(stream)
      // Every action of the user changes the outbox, so this change is one.
      flushSoon(touched.outbox)
    },
    request(request: StreamRequest): void {
      if (!isStreamRequest(request)) {
        const number = openedStream(request)
        if (number !== undefined) refuse(number, groupError('IllegalArgument'))
      } else if (request.type === 'open') void open(request.stream, request.query)
      else if (request.type === 'close') closeStream(request.stream)
      else received(request.version)
    },
    close(): void {
      for (const number of [...streams.keys()]) closeStream(number)
    }
  }
}
