/**
 * Keeps the results of queries current on the other side: one frame per change, holding for each stream what has changed
 * since the last frame that went there. What the user has done or asked for goes out at once; what comes from elsewhere may
 * have to wait until the other side can paint again. A side that is slow to take frames in is not sent more of
 * them. What happens meanwhile ends up in one frame.
 */

import * as v from 'valibot'
import { groupError, type GroupError, storageFailed } from '../../kernel/errors.ts'
import type { Patch, Query, StreamFrame, StreamRequest, Streams } from '../api.ts'
import { editsOf } from './edits.ts'
import type { Host } from '../host.ts'
import { groupOrders, memberOrders } from './orders.ts'
import { natural, oneOf, text } from '../../protocol/fields.ts'
import type { Touched } from './touched.ts'
import type { Result, Views } from './views.ts'

const framesUntakenMax = 16

type Stream = {
  readonly number: number
  readonly query: Query
  sent: Result | undefined
  isRetained: boolean
}

export type Hub = {
  open(post: (frame: StreamFrame) => void, paintMs?: number): Streams
  /** Takes note of a change; frames follow at the end of the turn. */
  announce(touched: Touched): void
  /** The version that the next frame has, or the last one had. */
  version(): number
  /** The groups whose members somebody looks at. */
  windows(): string[]
}

export type HubOptions = {
  readonly views: Views
  readonly ready: Promise<unknown>
  readonly setTimer: Host['setTimer']
  onWindow(groupID: string): void
}

export function createHub({ views, ready, setTimer, onWindow }: HubOptions): Hub {
  const ports = new Set<Port>()
  let version = 0

  return {
    version: () => version,
    windows: () => [...ports].flatMap(port => port.windows()),
    announce(touched) {
      version++
      views.refresh(touched)
      for (const port of ports) port.announce(touched)
    },
    open(post, paintMs = 0) {
      const port = openPort(post, paintMs)
      ports.add(port)
      return {
        request: port.request,
        close() {
          ports.delete(port)
          port.close()
        }
      }
    }
  }

  type Port = ReturnType<typeof openPort>

  function openPort(post: (frame: StreamFrame) => void, paintMs: number) {
    const streams = new Map<number, Stream>()
    const changed = new Set<Stream>()
    const refused: [number, Patch][] = []
    const untaken: number[] = []
    let isFlushing = false
    let isUrgent = false
    let isShowing = false
    let sentVersion = -1

    function flushSoon(urgent: boolean): void {
      isUrgent ||= urgent
      if (isFlushing) return
      isFlushing = true
      void Promise.resolve().then(flush)
    }

    function flush(): void {
      isFlushing = false
      if (untaken.length >= framesUntakenMax || (isShowing && !isUrgent)) return
      isUrgent = false
      if (changed.size + refused.length === 0 && sentVersion === version) return
      const patches = refused.splice(0)
      for (const stream of changed) {
        const result = views.result(stream.query)
        const patch = difference(stream.sent, result)
        stream.sent = result
        if (patch) patches.push([stream.number, patch])
      }
      changed.clear()
      sentVersion = version
      untaken.push(version)
      post({ version, patches })
      if (isShowing || paintMs === 0) return
      isShowing = true
      setTimer(() => {
        isShowing = false
        flush()
      }, paintMs)
    }

    function refuse(number: number, error: GroupError): void {
      streams.delete(number)
      refused.push([number, { kind: 'error', error }])
      flushSoon(true)
    }

    async function open(stream: Stream): Promise<void> {
      closeStream(stream.number)
      streams.set(stream.number, stream)
      const { query } = stream
      if (query.kind === 'members') onWindow(query.groupID)
      // Before it is loaded: what somebody else lets go of meanwhile is needed here.
      views.retain(query)
      try {
        await Promise.all([ready, views.readAhead(query)])
        await views.load(query)
      } catch (error) {
        // Expected: storage cannot be read any more.
        views.release(query)
        return refuse(stream.number, storageFailed(error))
      }
      // Closed meanwhile, or replaced.
      if (streams.get(stream.number) !== stream) return views.release(query)
      stream.isRetained = true
      changed.add(stream)
      flushSoon(true)
    }

    function closeStream(number: number): void {
      const stream = streams.get(number)
      streams.delete(number)
      if (!stream) return
      changed.delete(stream)
      if (stream.isRetained) views.release(stream.query)
    }

    return {
      windows: () =>
        [...streams.values()].flatMap(({ query }) =>
          query.kind === 'members' ? query.groupID : []
        ),
      announce(touched: Touched): void {
        // What is not loaded yet would show as if it were not there.
        for (const stream of streams.values())
          if (stream.isRetained && concerns(stream.query, touched)) changed.add(stream)
        // Whatever the user does goes through the outbox.
        flushSoon(touched.outbox)
      },
      request(request: StreamRequest): void {
        if (!v.is(streamRequest, request)) {
          if (v.is(openRequest, request)) refuse(request.stream, groupError('IllegalArgument'))
          return
        }
        if (request.type === 'open')
          void open({
            number: request.stream,
            query: request.query,
            sent: undefined,
            isRetained: false
          })
        else if (request.type === 'close') closeStream(request.stream)
        else {
          while (untaken.length > 0 && (untaken[0] ?? 0) <= request.version) untaken.shift()
          flushSoon(false)
        }
      },
      close(): void {
        for (const number of [...streams.keys()]) closeStream(number)
      }
    }
  }
}

const groupID = text()
const part = {
  offset: v.exactOptional(natural),
  after: v.exactOptional(groupID),
  limit: v.exactOptional(natural),
  search: v.exactOptional(groupID)
}
const orderOf = <Order extends string>(orders: Readonly<Record<Order, unknown>>) =>
  oneOf(...(Object.keys(orders) as Order[]))
const streamRequest = v.union([
  v.object({
    type: oneOf('open'),
    stream: natural,
    query: v.union([
      v.object({ kind: oneOf('groups'), ...part, orderBy: v.exactOptional(orderOf(groupOrders)) }),
      v.object({ kind: oneOf('notices', 'undelivered', 'outbox', 'verdicts', 'status') }),
      v.object({ kind: oneOf('group', 'tips'), groupID }),
      v.object({
        kind: oneOf('members'),
        groupID,
        ...part,
        orderBy: v.exactOptional(orderOf(memberOrders))
      }),
      v.object({ kind: oneOf('member'), groupID, userID: groupID })
    ])
  }),
  v.object({ type: oneOf('close'), stream: natural }),
  v.object({ type: oneOf('taken'), version: natural })
])

/** Whoever asks for what there is not learns so. */
const openRequest = v.object({ type: oneOf('open'), stream: natural })

function concerns(query: Query, touched: Touched): boolean {
  switch (query.kind) {
    case 'groups':
      return touched.groups.size > 0 || touched.members.size > 0 || touched.status
    case 'group':
    case 'members':
      return (
        touched.groups.has(query.groupID) || touched.members.has(query.groupID) || touched.status
      )
    case 'member': {
      const users = touched.members.get(query.groupID)
      return (
        touched.groups.has(query.groupID) || users === 'all' || Boolean(users?.has(query.userID))
      )
    }
    case 'tips':
      return touched.tips.has(query.groupID) || touched.status
    case 'notices':
      return touched.notices || touched.status
    case 'undelivered':
    case 'outbox':
    case 'verdicts':
    case 'status':
      return touched[query.kind]
  }
}

/** What leads from one result to the next; nothing if they say the same. */
function difference(before: Result | undefined, after: Result): Patch | undefined {
  const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
  if (after.kind === 'value') return isSame(before, after) ? undefined : after
  const { rows, ...rest } = after
  const { rows: sent, ...last } = before?.kind === 'list' ? before : { rows: [] }
  const edits = editsOf(sent, rows)
  return edits.length === 0 && isSame(last, rest) ? undefined : { ...rest, edits }
}
