/** The choice between sockets and requests. */

import { expect, onTestFinished, test, vi } from 'vitest'
import { withFallback } from '../../src/mini-program/fallback.ts'
import type { Connect, LinkEvents } from '../../src/protocol/port.ts'

/** A client that connects again whenever its connection has ended. */
function createClient() {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const log: string[] = []
  const open = new Map<string, LinkEvents>()
  const way =
    (name: string): Connect =>
    events => {
      log.push(name)
      open.set(name, events)
      return { send: () => undefined, close: () => void open.delete(name) }
    }
  const connect = withFallback(way('socket'), way('requests'))
  const start = () =>
    connect({ onOpen: () => undefined, onFrame: () => undefined, onClose: () => void start() })
  start()
  return {
    log,
    open,
    bringFrame: (name: string) => open.get(name)?.onFrame('frame'),
    fail(name: string) {
      const events = open.get(name)
      open.delete(name)
      events?.onClose()
    }
  }
}

test('two sockets without a frame lead to requests', () => {
  const { log, fail } = createClient()
  fail('socket')
  fail('socket')
  expect(log).toEqual(['socket', 'socket', 'requests'])
})

test('a socket that stays silent counts like one that fails', async () => {
  const { log, open } = createClient()
  await vi.advanceTimersByTimeAsync(18_000)
  expect([log, [...open.keys()]]).toEqual([['socket', 'socket', 'requests'], ['requests']])
})

test('a socket that has brought a frame is tried again', () => {
  const { log, fail, bringFrame } = createClient()
  for (let count = 0; count < 3; count++) {
    bringFrame('socket')
    fail('socket')
  }
  expect(new Set(log)).toEqual(new Set(['socket']))
})

test('requests without a frame lead back to the socket', () => {
  const { log, fail } = createClient()
  for (const name of ['socket', 'socket', 'requests', 'socket', 'socket']) fail(name)
  expect(log).toEqual(['socket', 'socket', 'requests', 'socket', 'socket', 'requests'])
})

test('a trial socket that opens ends the requests', async () => {
  const { log, open, fail, bringFrame } = createClient()
  fail('socket')
  fail('socket')
  bringFrame('requests')
  await vi.advanceTimersByTimeAsync(15_000)
  expect([...open.keys()]).toEqual(['requests', 'socket'])
  open.get('socket')?.onOpen()
  expect([...open.keys()]).toEqual(['socket'])
  expect(log).toEqual(['socket', 'socket', 'requests', 'socket', 'socket'])
})

test('trials become rare while sockets are blocked', async () => {
  const { log, fail, bringFrame } = createClient()
  fail('socket')
  fail('socket')
  bringFrame('requests')
  const trials = []
  for (let minute = 0; minute < 60; minute++) {
    const before = log.length
    await vi.advanceTimersByTimeAsync(60_000)
    fail('socket')
    trials.push(log.length - before)
  }
  expect(trials.slice(0, 2)).toEqual([2, 1])
  expect(log.filter(name => name === 'socket').length).toBeLessThan(13)
})

test('a socket that opens without a frame leads to requests at once', async () => {
  const { log, open, fail, bringFrame } = createClient()
  fail('socket')
  fail('socket')
  bringFrame('requests')
  await vi.advanceTimersByTimeAsync(15_000)
  open.get('socket')?.onOpen()
  fail('socket')
  expect(log.slice(-2)).toEqual(['socket', 'requests'])
})
