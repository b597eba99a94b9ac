/** Messages to a server, and a connection on virtual time that sends nothing by itself. */

import { request } from 'node:http'
import { kernelVersion } from '../../src/kernel/decide.ts'
import { protocolVersion } from '../../src/protocol/messages.ts'
import type { TestServer } from '../harness.ts'

/** The app of the servers that check userSigs. */
export const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }

export const hello = (token: string, rest: object = {}) => ({
  type: 'hello',
  protocol: protocolVersion,
  kernel: kernelVersion,
  token,
  epoch: '',
  feed: 0,
  groups: [],
  pending: [],
  ...rest
})

export const push = (...operations: object[]) => ({ type: 'push', operations })

/** A push of one operation whose arguments have about 900 KB. */
export const longPush = (opID: string) =>
  push({
    opID,
    name: 'updateGroupProfile',
    args: { groupID: 'crew', name: 'x'.repeat(900_000) },
    groupID: 'crew',
    seen: 0,
    waitedSeconds: 0
  })

export async function openLink(server: TestServer) {
  const { connect, transcript } = server.network()
  let isClosed = false
  const link = connect({
    onOpen: () => undefined,
    onFrame: () => undefined,
    onClose: () => (isClosed = true)
  })
  await server.clock.advance(10)
  return {
    transcript,
    isClosed: () => isClosed,
    /** Sends one message, and waits until the server has processed it. */
    async send(message: object): Promise<void> {
      link.send(JSON.stringify(message))
      await server.clock.advance(20)
    }
  }
}

/** One request of the transport over HTTP. */
export const post = (
  url: string,
  body: string,
  { method = 'POST', headers = {} }: { method?: string; headers?: Record<string, string> } = {}
) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(url, { method, headers }, response => {
      let text = ''
      response.on('data', (data: Buffer) => (text += data.toString()))
      response.on('end', () => resolve({ status: response.statusCode, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
