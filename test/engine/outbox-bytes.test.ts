/** The outbox is bounded in bytes, for any arguments of its operations. */

import { beforeEach, expect, test } from 'vitest'
import { isGroupError } from '../../src/engine/api.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

let server: TestServer
beforeEach(() => (server = createTestServer()))

const megabyte = 1_048_576
const storedBytes = async (storage: ReturnType<typeof createMemoryStorage>) =>
  JSON.stringify((await storage.read([{ table: 'outbox', scope: '' }])).answers[0]).length

/** Ten kilobytes of custom fields. */
const update = (ann: TestClient, groupID: string, count: number) =>
  ann.engine.apply('updateGroupProfile', {
    groupID,
    groupCustomField: Array.from({ length: 20 }, (_, index) => ({
      key: `key${index}`,
      value: String(count).padEnd(500, 'x')
    }))
  })

/** Fills the outbox with updates of one group until the next one is refused. */
async function fill(ann: TestClient): Promise<number | undefined> {
  await ann.apply('createGroup', { groupID: 'crew0', name: 'Crew' })
  for (let count = 0; count < 800; count++) {
    const answer = await update(ann, 'crew0', count)
    if (isGroupError(answer)) return answer.code
  }
  return undefined
}

test('operations count towards the 4 MiB of the outbox', async () => {
  const storage = createMemoryStorage()
  const ann = createTestClient(server, 'ann', { storage, paused: true })
  expect(await fill(ann)).toBe(4501)
  expect(await storedBytes(storage)).toBeLessThan(5 * megabyte)
})

test('operations read from storage count towards the 4 MiB', async () => {
  const storage = createMemoryStorage()
  const before = createTestClient(server, 'ann', { storage, paused: true })
  await fill(before)
  await before.engine.close()
  const ann = createTestClient(server, 'ann', { storage, paused: true })
  expect(await update(ann, 'crew0', 0)).toMatchObject({ code: 4501 })
})

test('a full outbox has room again once its operations have verdicts', async () => {
  const ann = createTestClient(server, 'ann', { paused: true })
  await fill(ann)
  await ann.engine.resume()
  await ann.caughtUp()
  expect(isGroupError(await update(ann, 'crew0', 0))).toBe(false)
})

test('the 4 MiB count bytes, whatever the language', async () => {
  const storage = createMemoryStorage()
  const ann = createTestClient(server, 'ann', { storage, paused: true })
  const groupCustomField = Array.from({ length: 20 }, (_, index) => ({
    key: `key${index}`,
    value: '群'.repeat(170)
  }))
  let refusal: unknown
  for (let count = 0; count < 1000 && !refusal; count++) {
    const group = { groupID: `crew${count}`, name: '群', type: 'Public', groupCustomField } as const
    const answer = await ann.engine.apply('createGroup', group)
    if (isGroupError(answer)) refusal = answer
  }
  expect(refusal).toMatchObject({ code: 4501 })
  const [stored] = (await storage.read([{ table: 'outbox', scope: '' }])).answers
  expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThan(5 * megabyte)
})
