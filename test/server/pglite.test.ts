/** The embedded database, as it ships, when its thread ends. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { openPGlite, openSqlDatabase, startServer, generateUserSig } from 'offline-groups/server'
import { connectWebSocket } from 'offline-groups/ports'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { openClient } from '../../src/testing/sync/client.ts'
import { app } from './raw-client.ts'

// Node before version 22 has no WebSocket.
Object.assign(globalThis, { WebSocket })

test('statements reject after the thread of the database has ended', async () => {
  const errors: unknown[] = []
  const starting = new Promise<Worker>(resolve => process.once('worker', resolve))
  const sql = await openPGlite(undefined, { onError: error => void errors.push(error) })
  const database = await openSqlDatabase(sql)
  const waiting = database.snapshot(async reader => {
    await (await starting).terminate()
    return reader.group('g')
  })
  await expect(waiting).rejects.toThrow()
  await expect(database.snapshot(reader => reader.group('g'))).rejects.toThrow()
  await database.close()
  expect(errors).toHaveLength(1)
})

test('clients receive 10002 when the thread of the database ends', async () => {
  const errors: unknown[] = []
  const starting = new Promise<Worker>(resolve => process.once('worker', resolve))
  const server = await startServer({ ...app, onError: error => void errors.push(error) })
  const client = await openClient(connectWebSocket(server.url))
  await client.login({ token: generateUserSig(app, { userID: 'ann' }) })
  await (await starting).terminate()
  client.send({ type: 'ping' })
  expect(await client.errorCode()).toBe(10002)
  await server.close()
  expect(errors).toHaveLength(1)
})

test('only an upgrade may take longer than 120 s', async () => {
  const errors: unknown[] = []
  const sql = await openPGlite(undefined, { onError: error => void errors.push(error) })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const during = async (isLong: boolean) => {
    const answer = sql.withConnection(
      query => {
        const running = query('SELECT count(*)::int AS count FROM generate_series(1, 1000)')
        vi.advanceTimersByTime(121_000)
        return running
      },
      { isLong }
    )
    return answer.then(({ rows }) => rows)
  }
  expect(await during(true)).toEqual([{ count: 1000 }])
  await expect(during(false)).rejects.toThrow('has not answered for 120000 ms')
  await sql.close()
  expect(errors).toHaveLength(1)
})

test('a folder stays locked until the database thread has ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'offline-groups-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const starting = new Promise<Worker>(resolve => process.once('worker', resolve))
  const sql = await openPGlite(folder, { onError: () => undefined })
  const thread = await starting
  const isLocked = () => existsSync(join(folder, 'lock'))
  const lockedAtEnd = new Promise<boolean>(resolve =>
    thread.once('exit', () => resolve(isLocked()))
  )
  // An error in the code of the database, not in its SQL. The database cannot be used afterwards.
  await expect(
    sql.withConnection(query => query('SELECT $1::boolean', ['neither']))
  ).rejects.toThrow('has stopped')
  expect(await lockedAtEnd).toBe(true)
  await sql.close()
  expect(isLocked()).toBe(false)
})
