import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, inject, onTestFinished, test } from 'vitest'
import { filledFolder, startDemo } from './server.ts'

test('the demo revalidates its page and issues userSigs to two users', async () => {
  const at = (path: string) => fetch(new URL(path, inject('demo').url))
  const page = await at('/')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('cache-control')).toBe('no-cache')
  expect((await at('/token?userID=bob')).status).toBe(200)
  expect((await at('/token?userID=admin')).status).toBe(404)
  expect((await at('/token')).status).toBe(404)
  expect((await at('/../serve.js')).status).toBe(404)
  expect((await at('/%2e%2e/serve.js')).status).toBe(404)
})

test('a second demo picks a free port but refuses the same data', async () => {
  const occupant = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void occupant.close())
  await once(occupant, 'listening')
  const { port } = occupant.address() as AddressInfo
  const folder = await filledFolder(inject('demo').filled)
  const demo = await startDemo({ DEMO_DATA_DIR: folder.path, PORT: String(port) })
  onTestFinished(async () => {
    await demo.stop()
    await folder.remove()
  })
  expect(demo.output()).not.toContain('First start')
  expect(demo.output()).toContain(`Port ${port} is in use`)
  expect(new URL(demo.url).port).not.toBe(String(port))
  await expect(startDemo({ DEMO_DATA_DIR: folder.path })).rejects.toThrow(
    /ended with 1: .* is in use by another server/
  )
  await demo.stop()
  expect(await demo.ended).toBe(0)
})
