/** 4501 to 4512: codes of this package. */

import { isGroupError } from '../../../src/engine/api.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/port.ts'
import { createTestClient, createTestServer, type TestClient } from '../../harness.ts'
import { crew, crewOf, openDevice, type Outcome } from '../code-answers.ts'
import { endOf, hello, offlineDevice, refusal, type Row } from './produce.ts'

export const packageCodes: readonly Row[] = [
  [
    4501,
    'QueueFull',
    'queueing more than a device keeps',
    async () => {
      const { engine } = await offlineDevice()
      const memberCustomField = ['a', 'b', 'c', 'd', 'e'].map(key => ({
        key,
        value: 'x'.repeat(64)
      }))
      const memberList = Array.from({ length: 500 }, (_, index) => ({
        userID: `user${index}`,
        memberCustomField
      }))
      for (let count = 0; count < 100; count++) {
        const answer = await engine.apply('createGroup', {
          name: 'Crew',
          type: 'Public',
          memberList
        })
        if (isGroupError(answer)) return answer
      }
      return 'accepted'
    }
  ],
  [
    4502,
    'StorageFailed',
    'queueing where the device cannot store',
    async () => {
      const memory = createMemoryStorage()
      let isBroken = false
      const storage: Storage = {
        ...memory,
        transact: (queries, body) =>
          isBroken ? Promise.reject(new Error('disk full')) : memory.transact(queries, body)
      }
      const device = await openDevice(createTestServer(), 'ann', { storage })
      isBroken = true
      return refusal(await device.engine.apply('createGroup', { name: 'Crew' }))
    }
  ],
  [
    4512,
    'StillWaiting',
    'queueing where storage does not answer',
    async () => {
      const memory = createMemoryStorage()
      let isSilent = false
      const transact: Storage['transact'] = (queries, body) =>
        isSilent ? new Promise(() => undefined) : memory.transact(queries, body)
      const server = createTestServer()
      const device = await openDevice(server, 'ann', { storage: { ...memory, transact } })
      isSilent = true
      const answer = device.engine.apply('createGroup', { name: 'Crew' })
      await server.clock.advance(15_000)
      return refusal(await answer)
    }
  ],
  [
    4503,
    'UnknownOperationID',
    'asking about an operation that never was',
    async () => refusal(await (await offlineDevice()).engine.settled('never'))
  ],
  [
    4504,
    'PendingOperations',
    'logging out while operations wait, without saying what of them',
    async () => {
      const device = await offlineDevice()
      await device.apply('createGroup', { name: 'Crew' })
      return (await device.engine.logout()) ?? 'accepted'
    }
  ],
  [
    4505,
    'Discarded',
    'discarding what waits',
    async () => {
      const device = await offlineDevice()
      const { opID } = await device.apply('createGroup', { name: 'Crew' })
      const settled = device.engine.settled(opID)
      await device.engine.logout('discard')
      return rejection(await settled)
    }
  ],
  [
    4506,
    'DamagedOperation',
    'finding a queued operation that cannot be read',
    async () => {
      const storage = createMemoryStorage()
      // Rows of a damaged disk have no type.
      const damaged = { opID: 'lost', name: 7 } as never
      await storage.transact([], () => [{ table: 'outbox', scope: '', id: 'lost', row: damaged }])
      const device = createTestClient(createTestServer(), 'ann', { storage, paused: true })
      return rejection(await device.engine.settled('lost'))
    }
  ],
  [
    4507,
    'PredecessorRejected',
    'building on a creation that was refused',
    async () => {
      const server = await crewOf('Public')
      const device = createTestClient(server, 'eve')
      await device.apply('createGroup', { ...crew, name: 'Hers', type: 'Public' })
      const { opID } = await device.apply('updateGroupProfile', { ...crew, name: 'Hers!' })
      await device.caughtUp()
      return rejection(await device.engine.settled(opID))
    }
  ],
  [4508, 'ProtocolTooOld', 'speaking another version', () => endOf([hello(0)])],
  [4509, 'BadFrame', 'sending what is no message', () => endOf([JSON.stringify({ type: 5 })])],
  [
    4511,
    'OperationExpired',
    'coming back after more than a month',
    async () => {
      const server = await crewOf('Public')
      const ann = createTestClient(server, 'ann', { paused: true })
      const { opID } = await ann.apply('createGroup', { name: 'Picnic' })
      await server.clock.advance(31 * 86_400_000)
      await ann.engine.resume()
      await ann.caughtUp()
      return rejection(await ann.engine.settled(opID))
    }
  ]
]

function rejection(answer: Awaited<ReturnType<TestClient['engine']['settled']>>): Outcome {
  if (isGroupError(answer)) return answer
  return answer.verdict.kind === 'rejected' ? answer.verdict.error : 'accepted'
}
