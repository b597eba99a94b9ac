/**
 * Carries frames over one WebSocket of a mini-program.
 *
 * Frames are sent one after another, because some platforms fail or reorder sends that overlap. A
 * send that fails ends the connection: the client sends its frames again over the next one.
 */

import type { Connect, LinkEvents } from '../protocol/port.ts'

/** `connectSocket` of a mini-program. Some libraries return the task in a promise. */
export type SocketCalls = {
  connectSocket(options: {
    url: string
    /** Alipay makes one task per connection only with it. */
    multiple: boolean
    success: () => void
    fail: () => void
  }): unknown
}

type SocketTask = {
  send(options: { data: string; success: () => void; fail: () => void }): unknown
  close(options: object): unknown
  onOpen(callback: () => void): void
  onMessage(callback: (message: { readonly data: unknown }) => void): void
  onClose(callback: () => void): void
  onError(callback: () => void): void
}

export const connectSocket =
  (calls: SocketCalls, url: string): Connect =>
  events => {
    const link = createLink(events)
    function start(): void {
      try {
        const task = calls.connectSocket({ url, multiple: true, success: nothing, fail: link.end })
        // The events of a task may come soon, so it is used at once if possible.
        if (isThenable(task)) void task.then(link.start).then(undefined, link.end)
        else link.start(task)
      } catch {
        // Expected: the address is invalid, or there are too many sockets.
        link.end()
      }
    }
    // A failure never calls back before `connect` has returned.
    void Promise.resolve().then(start)
    return { send: link.send, close: link.close }
  }

function createLink({ onOpen, onFrame, onClose }: LinkEvents) {
  const unsent: string[] = []
  let task: SocketTask | undefined
  let isOpen = false
  let isSending = false
  let isOver = false

  function end(): void {
    if (isOver) return
    close()
    onClose()
  }

  function close(): void {
    isOver = true
    unsent.length = 0
    try {
      settle(task?.close({ success: nothing, fail: nothing }))
    } catch {
      // Expected: the socket is closed already, or is still connecting.
    }
  }

  function start(opened: unknown): void {
    task = opened as SocketTask | undefined
    if (!task) return end()
    task.onOpen(() => {
      // A socket that could not be closed while connecting would stay open for ever.
      if (isOver) return close()
      isOpen = true
      onOpen()
    })
    if (isOver) return close()
    task.onMessage(message => {
      const data = dataOf(message)
      if (!isOver && data !== undefined) onFrame(data)
    })
    task.onClose(end)
    task.onError(end)
  }

  function send(frame: string): void {
    // A connection that is not open loses frames. The client sends them again over the next one.
    if (isOver || !isOpen) return
    unsent.push(frame)
    sendNext()
  }

  function sendNext(): void {
    if (isSending || isOver || !task) return
    const data = unsent.shift()
    if (data === undefined) return
    isSending = true
    const success = () => {
      isSending = false
      sendNext()
    }
    try {
      settle(task.send({ data, success, fail: end }))
    } catch {
      // Expected: the socket is closing.
      end()
    }
  }

  return { start, end, send, close }
}

/** Alipay wraps the data once more. */
function dataOf({ data }: { readonly data: unknown }): string | undefined {
  if (typeof data === 'string') return data
  const inner = (Object(data) as { readonly data?: unknown }).data
  return typeof inner === 'string' ? inner : undefined
}

/** A call answers by its callbacks. Its promise, if there is one, must not reject unhandled. */
export function settle(returned: unknown): void {
  if (isThenable(returned)) void returned.then(nothing, nothing)
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value

const nothing = (): void => undefined
