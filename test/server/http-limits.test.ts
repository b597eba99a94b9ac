/** A proxy between client and server that refuses long requests, over real sockets. */

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateUserSig, startServer, type SyncServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { GroupError } from '../../src/kernel/errors.ts'
import { connectHttp } from '../../src/protocol/transports/http.ts'
import { parseServerMessage } from '../../src/protocol/server-messages.ts'
import { app, hello } from './raw-client.ts'

let server: SyncServer
beforeAll(async () => {
  server = await startServer({ ...app, database: createMemoryDatabase('e') })
})
afterAll(() => server.close())

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A proxy that refuses longer requests with this status. */
async function openProxy(
  bytesMax: number,
  status: number
): Promise<{ proxy: Server; url: string }> {
  const upstream = server.url.replace('ws', 'http')
  const proxy = createServer((request, response) => {
    void bodyOf(request).then(async body => {
      if (body.length > bytesMax) return response.writeHead(status).end()
      const answer = await fetch(upstream, { method: 'POST', body: body.toString() })
      return response.writeHead(answer.status).end(await answer.text())
    })
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as AddressInfo
  return { proxy, url: `http://127.0.0.1:${port}/sync` }
}

let users = 0

/** Pushes frames of about 60 KB. Returns the number of verdicts, or the error of the connection. */
async function push(url: string, frames: number): Promise<number | GroupError | undefined> {
  const userID = `user${users++}`
  const operations = Array.from({ length: frames }, (_, index) => {
    const groupID = `${userID}-${index}`
    const args = { groupID, name: 'Crew', type: 'Public', introduction: '監'.repeat(80) }
    return { opID: groupID, name: 'createGroup', args, groupID, seen: 0, waitedSeconds: 0 }
  })
  return new Promise(resolve => {
    let verdicts = 0
    const link = connectHttp(url)({
      onOpen() {
        link.send(JSON.stringify(hello(generateUserSig(app, { userID }))))
        // An unknown field, which the server ignores, makes the frame long.
        const padding = '監'.repeat(20_000)
        for (const operation of operations) {
          link.send(JSON.stringify({ type: 'push', operations: [operation], padding }))
        }
      },
      onFrame(frame) {
        const message = parseServerMessage(frame)
        if (message?.type === 'delta') verdicts += message.verdicts.length
        if (verdicts < frames) return
        link.close()
        resolve(verdicts)
      },
      onClose: resolve
    })
  })
}

test('an outbox longer than one request arrives without a proxy', async () => {
  expect(await push(server.url.replace('ws', 'http'), 60)).toBe(60)
})

test.each([
  [1_000_000, 413],
  [300_000, 413],
  [150_000, 413],
  [300_000, 400]
])('an outbox passes a proxy with the limit %i and status %i', async (bytesMax, status) => {
  const { proxy, url } = await openProxy(bytesMax, status)
  expect(await push(url, 40)).toBe(40)
  proxy.closeAllConnections()
  proxy.close()
})

test('a frame that a proxy always refuses ends the connection', async () => {
  const { proxy, url } = await openProxy(20_000, 413)
  expect(await push(url, 2)).toMatchObject({ code: 4509, message: 'HTTP 413' })
  proxy.closeAllConnections()
  proxy.close()
})

test('a server that refuses every request ends the connection', async () => {
  const { proxy, url } = await openProxy(0, 503)
  expect(await push(url, 1)).toMatchObject({ code: 10002, message: 'HTTP 503' })
  proxy.closeAllConnections()
  proxy.close()
})
