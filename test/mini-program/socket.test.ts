/** Sockets of mini-programs whose events come late or not at all. */

import { expect, test } from 'vitest'
import { connectSocket } from '../../src/mini-program/socket.ts'

/** A socket that refuses to close while it is connecting. */
function createTask() {
  let onOpen = (): void => undefined
  let isOpen = false
  const sent: string[] = []
  const closings: string[] = []
  const task = {
    send: ({ data, success }: { data: string; success: () => void }) => {
      sent.push(data)
      success()
    },
    close: () => void closings.push(isOpen ? 'closed' : 'refused'),
    onOpen: (callback: () => void) => void (onOpen = callback),
    onMessage: () => undefined,
    onClose: () => undefined,
    onError: () => undefined
  }
  function open(): void {
    isOpen = true
    onOpen()
  }
  return { task, sent, closings, open }
}

function connect(socket: unknown) {
  const events: string[] = []
  const link = connectSocket(
    { connectSocket: () => socket },
    'wss://example.org/sync'
  )({
    onOpen: () => void events.push('open'),
    onFrame: () => undefined,
    onClose: () => void events.push('close')
  })
  return { link, events }
}

/** The microtasks of a connection that starts. */
const started = () => new Promise<void>(resolve => setTimeout(resolve))

test.each(['before', 'after'])(
  'a socket closed %s its task comes is closed at open',
  async when => {
    const { task, closings, open } = createTask()
    const { link, events } = connect(task)
    if (when === 'before') link.close()
    await started()
    if (when === 'after') link.close()
    open()
    expect([closings, events]).toEqual([['refused', 'closed'], []])
  }
)

test('a promised task without events ends the connection', async () => {
  const { events } = connect(Promise.resolve({}))
  await started()
  expect(events).toEqual(['close'])
})

test('a frame before the socket opens is lost', async () => {
  const { task, sent, open } = createTask()
  const { link } = connect(task)
  await started()
  link.send('early')
  open()
  link.send('hello')
  expect(sent).toEqual(['hello'])
})
