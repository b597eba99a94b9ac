/** A start that fails. */

import { expect, onTestFinished, test } from 'vitest'
import { startServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { app } from './raw-client.ts'

test('the database is closed when the port is in use', async () => {
  const server = await startServer({ ...app, database: createMemoryDatabase('e') })
  onTestFinished(() => server.close())
  let isClosed = false
  const database = { ...createMemoryDatabase('e'), close: async () => void (isClosed = true) }
  await expect(startServer({ ...app, port: server.port, database })).rejects.toThrow('EADDRINUSE')
  expect(isClosed).toBe(true)
})
