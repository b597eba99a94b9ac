/** A server that sends damaged frames, until it sends good ones. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { must } from '../../../src/kernel/must.ts'
import type { LinkEvents } from '../../../src/protocol/port.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { TestNetwork } from '../../../src/testing/network.ts'
import {
  endClients,
  expectWell,
  prepare,
  refusals,
  server,
  start,
  startServer,
  storage
} from './device.ts'
import { frames } from './frame-cases.ts'
import { welcome, type Message } from './frame-scripts.ts'

beforeEach(() => startServer())
afterEach(endClients)

beforeEach(async () => {
  await prepare(() => Promise.resolve(createMemoryStorage()))
  await storage.transact([{ table: 'groups', scope: '', ids: ['den'] }], ([[den]]) => [
    { table: 'groups', scope: '', id: 'den', row: { ...must(den), membersUpTo: '' } }
  ])
})

async function kept() {
  const { answers } = await storage.read([
    { table: 'groups', scope: '' },
    { table: 'members', scope: 'crew' },
    { table: 'members', scope: 'den' },
    { table: 'members', scope: 'live' },
    { table: 'members', scope: 'other' },
    { table: 'outbox', scope: '' }
  ])
  return answers
}

/** A network with a scripted server until `isGood`, then with the real one. */
function scripted(answer: (hello: Message, events: LinkEvents) => void) {
  const good = server.network()
  const state = { isGood: false, attempts: 0 }
  const connect: TestNetwork['connect'] = events => {
    if (state.isGood) return good.connect(events)
    state.attempts++
    let isOpen = true
    const later = (action: () => void) => void server.clock.setTimer(() => isOpen && action(), 5)
    later(events.onOpen)
    return {
      send(frame) {
        const message = JSON.parse(frame) as Message
        if (message['type'] === 'hello') later(() => answer(message, events))
      },
      close: () => void (isOpen = false)
    }
  }
  const ann = start({ ...server, network: () => ({ ...good, connect }) }, 'ann', { storage })
  return { ann, state }
}

test.each(frames)('%s changes no row and loses no operation', async (_title, script, code) => {
  const before = await kept()
  const [{ row: crew } = { row: null }] = before[0]
  const { ann, state } = scripted(({ feed, groups }, { onFrame }) => {
    const [, membershipEpoch = 0, seq = 0] =
      (groups as [string, number, number][]).find(([groupID]) => groupID === 'crew') ?? []
    for (const message of script({ feed, crew: crew as Message, membershipEpoch, seq }))
      onFrame(typeof message === 'string' ? message : JSON.stringify(message))
  })
  await server.clock.advance(60_000)
  expect(await kept()).toEqual(before)
  expect((await ann.status())?.lastError?.code ?? null).toBe(code)
  expect(await refusals(ann)).toEqual([10021])
  // The device asks for lost frames again, except with a userSig that the server refuses.
  const isLoginRefused = (code ?? 0) > 70_000
  if (isLoginRefused) expect(state.attempts).toBe(1)
  else expect(state.attempts).toBeGreaterThan(1)

  state.isGood = true
  if (isLoginRefused) await ann.engine.renewToken('ann')
  await expectWell(ann)
})

test('another epoch replaces all base rows and keeps the outbox', async () => {
  const before = await kept()
  const { ann, state } = scripted((_hello, { onFrame }) =>
    onFrame(JSON.stringify(welcome({ epoch: 'epoch-x' })))
  )
  await server.clock.advance(5000)
  expect(await kept()).toEqual([[], [], [], [], [], before[5]])
  await server.clock.advance(55_000)
  state.isGood = true
  await expectWell(ann)
})

test('a connection that never opens or ends at once is retried', async () => {
  const good = server.network()
  const attempts: number[] = []
  const connect: TestNetwork['connect'] = events => {
    attempts.push(server.clock.now())
    if (attempts.length > 4) return good.connect(events)
    if (attempts.length % 2 === 0) server.clock.setTimer(events.onClose, 5)
    return { send: () => undefined, close: () => undefined }
  }
  const ann = start({ ...server, network: () => ({ ...good, connect }) }, 'ann', { storage })
  await expectWell(ann)
  expect(attempts).toHaveLength(5)
})
