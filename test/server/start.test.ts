/** A start that fails, and the end of a server. */

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

test('a server that is closed twice closes its database once', async () => {
  let closings = 0
  const database = { ...createMemoryDatabase('e'), close: async () => void closings++ }
  const server = await startServer({ ...app, database })
  await Promise.all([server.close(), server.close()])
  await server.close()
  expect(closings).toBe(1)
})
