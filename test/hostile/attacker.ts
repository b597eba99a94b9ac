/**
 * Connections of attackers. Every received byte is searched for secrets.
 */

import { request as httpRequest, Agent, type IncomingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { kernelVersion } from '../../src/kernel/decide.ts'
import { digestVersion } from '../../src/protocol/digest.ts'
import { protocolVersion } from '../../src/protocol/messages.ts'
import { tokenOf } from './process.ts'

/** Stands in every row that attackers must not see. */
export const secret = 'S3CR3T'

/** Where a client says that it stands in a group: membership epoch and position. */
export type Position = readonly [groupID: string, membershipEpoch: number, seq: number]

export const hello = (userID: string, groups: readonly Position[] = [], changes: object = {}) => ({
  type: 'hello',
  protocol: protocolVersion,
  kernel: kernelVersion,
  token: tokenOf(userID),
  epoch: '',
  feed: 0,
  groups,
  pending: [],
  ...changes
})

export const operation = (
  opID: string,
  name: string,
  args: Readonly<Record<string, unknown>>,
  changes: object = {}
) => ({
  opID,
  name,
  args,
  groupID: args['groupID'] ?? 'crew',
  seen: 0,
  waitedSeconds: 0,
  ...changes
})

/** A ping with a wrong digest of a group. */
export const wrongCheck = (groupID: string) => ({
  type: 'ping',
  check: { groupID, membershipEpoch: 1, seq: 1, digest: 4_294_967_295, version: digestVersion }
})

export const push = (...operations: readonly object[]) => ({ type: 'push', operations })

export type AttackerSocket = Awaited<ReturnType<Attackers['socket']>>
export type Attackers = ReturnType<typeof createAttackers>

const framesKeptMax = 2000
/** A server that reads no more has won: the attacker goes on to the next thing. */
const stalledMs = 3000

export function createAttackers({ port }: { port: number }) {
  const open = new Set<() => void>()
  const leaks: string[] = []
  const sent = { frames: 0, bytes: 0 }
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })

  function search(text: string): void {
    const at = text.indexOf(secret)
    if (at >= 0) leaks.push(text.slice(Math.max(0, at - 200), at + 100))
  }

  async function socket() {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/sync`, { perMessageDeflate: false })
    const hangUp = () => ws.terminate()
    open.add(hangUp)
    const frames: string[] = []
    let code: number | undefined
    const news = new Set<() => void>()
    const changed = () => new Promise<void>(resolve => news.add(resolve))
    const wake = () => {
      for (const each of news) each()
      news.clear()
    }
    ws.on('message', (data: Buffer) => {
      const text = data.toString()
      search(text)
      frames.push(text)
      if (frames.length > framesKeptMax) frames.splice(0, framesKeptMax / 2)
      wake()
    })
    ws.on('error', () => undefined)
    const closed = new Promise<number>(resolve =>
      ws.on('close', number => {
        open.delete(hangUp)
        code = number
        resolve(number)
        wake()
      })
    )
    await new Promise<void>(resolve => {
      ws.on('open', () => resolve())
      void closed.then(() => resolve())
    })

    const self = {
      frames,
      closed,
      /** The code that the connection was closed with. */
      code: () => code,
      pause: () => ws.pause(),
      resume: () => ws.resume(),
      hangUp,
      /** Sends a frame. Resolves once it is sent, the connection ends, or the server stalls. */
      async send(message: unknown): Promise<void> {
        if (code !== undefined || ws.readyState !== WebSocket.OPEN) return
        const isWritten = typeof message === 'string' || Buffer.isBuffer(message)
        const frame = isWritten ? message : JSON.stringify(message)
        sent.frames++
        sent.bytes += frame.length
        let stop: NodeJS.Timeout | undefined
        await Promise.race([
          new Promise<void>(resolve => ws.send(frame, { binary: false }, () => resolve())),
          closed,
          new Promise<void>(resolve => (stop = setTimeout(resolve, stalledMs)))
        ])
        clearTimeout(stop)
      },
      /** The first matching frame, kept or future. Nothing if the connection ends. */
      async until(isIt: (message: any) => boolean): Promise<any> {
        for (;;) {
          while (frames.length > 0) {
            const message = JSON.parse(frames.shift() ?? '') as unknown
            if (isIt(message)) return message
          }
          if (code !== undefined) return undefined
          await changed()
        }
      },
      async login(userID: string, groups: readonly Position[] = [], changes: object = {}) {
        await self.send(hello(userID, groups, changes))
        await self.until(({ type, caughtUp }) => type === 'delta' && caughtUp === true)
      },
      /** Has operations judged, each under its own ID. Returns the outcome of each. */
      async judge(...operations: { opID: string }[]): Promise<Map<string, unknown>> {
        const outcomes = new Map<string, unknown>()
        await self.send(push(...operations))
        await self.until(({ type, verdicts = [], retry = [], error }) => {
          if (type === 'error') outcomes.set('error', error.code)
          for (const each of verdicts)
            outcomes.set(each.opID, each.kind === 'rejected' ? each.error.code : each.kind)
          for (const opID of retry) outcomes.set(opID, 'retry')
          return operations.every(({ opID }) => outcomes.has(opID)) || type === 'error'
        })
        return outcomes
      }
    }
    return self
  }

  function raw(): Socket & { received(): string; over: Promise<void> } {
    const tcp = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const destroy = () => void tcp.destroy()
    open.add(destroy)
    tcp.on('close', () => open.delete(destroy))
    let received = ''
    tcp.on('data', chunk => {
      received = (received + chunk.toString('latin1')).slice(-100_000)
      search(received)
    })
    tcp.on('error', () => undefined)
    const over = new Promise<void>(resolve => {
      tcp.once('end', resolve)
      tcp.once('close', () => resolve())
    })
    return Object.assign(tcp, { received: () => received, over })
  }

  type Answer = {
    readonly status: number
    readonly text: string
    readonly headers: IncomingHttpHeaders
  }
  /** Status 0: the server has hung up. */
  function http(
    body: string | Buffer,
    options: { method?: string; path?: string; headers?: Record<string, string> } = {}
  ): Promise<Answer> {
    const { method = 'POST', path = '/sync', headers = {} } = options
    sent.frames++
    sent.bytes += body.length
    return new Promise(resolve => {
      const none = () => resolve({ status: 0, text: '', headers: {} })
      const request = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent })
      request.on('response', response => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('error', none)
        response.on('end', () => {
          search(text)
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers })
        })
      })
      request.on('error', none)
      const destroy = () => void request.destroy()
      open.add(destroy)
      request.on('close', () => open.delete(destroy))
      request.end(body)
    })
  }

  /** One request of the protocol over HTTP. `undefined`: the server does not answer it. */
  async function say(session: string, ...messages: unknown[]) {
    const frames = messages.map(each => (typeof each === 'string' ? each : JSON.stringify(each)))
    const { status, text } = await http(JSON.stringify({ session, frames }))
    if (status !== 200) return undefined
    return JSON.parse(text) as { session: string; frames: string[]; isOver: boolean }
  }

  return {
    socket,
    raw,
    http,
    say,
    leaks,
    sent,
    /** Hangs up everything. */
    end() {
      for (const each of open) each()
      open.clear()
      agent.destroy()
    }
  }
}
