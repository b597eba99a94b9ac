/** Attackers who hold connections: many, silent, slow, half-open. */

import { frameLimits } from '../../../src/protocol/messages.ts'
import { hello, operation, type Attackers } from '../attacker.ts'
import type { Scenario } from '../arena.ts'
import type { ServerProcess } from '../process.ts'
import { crowdRows, own } from '../crowd.ts'
import { pause, repeat, times } from '../repeat.ts'

const headers = 'Host: localhost\r\nOrigin: https://app.example\r\n'

/** A user has at most 20 sessions. One more would end the first. */
const sessionsAtOnce = 18

/** Waits until the server reads nothing more for the attackers: honest clients need few queries. */
async function worked({ report }: ServerProcess): Promise<void> {
  for (let before = 0, now = Infinity; now - before > 300; now = (await report()).queries) {
    before = (await report()).queries
    await pause(2000)
  }
}

/** Sends a text byte by byte, until the server hangs up or time is over. */
async function trickle(
  tcp: ReturnType<Attackers['raw']>,
  text: string,
  forMs: number
): Promise<void> {
  const end = Date.now() + forMs
  for (const byte of text) {
    if (tcp.destroyed || Date.now() > end) return
    tcp.write(byte)
    await pause(100)
  }
}

export const connectionScenarios: readonly Scenario[] = [
  {
    title: '2,000 WebSocket connections that never log in',
    async attack({ socket }) {
      const open = await Promise.all(times(2000).map(() => socket()))
      // The server ends each of them by itself.
      await Promise.all(open.map(({ closed }) => closed))
    }
  },
  {
    title: '2,000 connections that send half a request',
    async attack({ raw }) {
      for (const index of times(2000)) {
        raw().write(index % 2 ? `POST /sync HTTP/1.1\r\n${headers}` : 'GET /sy')
        if (index % 100 === 0) await pause(20)
      }
      await pause(2000)
    }
  },
  {
    title: '10,000 HTTP sessions that never log in',
    async attack({ say }) {
      await Promise.all(
        times(32).map(async () => {
          await repeat(313, () => say(''))
        })
      )
    }
  },
  {
    title: '3,000 HTTP sessions whose login fails',
    async attack({ say }) {
      const bad = hello('nobody', [], { token: 'none' })
      await Promise.all(
        times(32).map(async () => {
          await repeat(94, () => say('', bad))
        })
      )
    }
  },
  {
    title: 'headers and bodies that come a byte at a time',
    async attack({ raw }) {
      const bodies = `POST /sync HTTP/1.1\r\n${headers}Content-Length: 1000000\r\n\r\n`
      await Promise.all(
        times(200).map(async index => {
          const tcp = raw()
          if (index % 2) tcp.write(bodies)
          await trickle(tcp, index % 2 ? 'x'.repeat(100) : `GET /sync HTTP/1.1\r\n${headers}`, 3000)
        })
      )
    }
  },
  {
    title: 'WebSocket frames that come a byte at a time',
    async attack({ raw }) {
      const upgrade =
        `GET /sync HTTP/1.1\r\n${headers}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
      await Promise.all(
        times(100).map(async () => {
          const tcp = raw()
          tcp.write(upgrade)
          // The head of a frame of 1 MiB, of which little comes.
          await trickle(
            tcp,
            '\u0081\u00ff\0\0\0\0\0\u0010\0\0\u0001\u0002\u0003\u0004xxxxxxxxxxxx',
            3000
          )
        })
      )
    }
  },
  {
    title: 'half-open connections that wait for answers',
    async attack({ raw }) {
      const request = `POST /sync HTTP/1.1\r\n${headers}Content-Length: 26\r\n\r\n`
      await repeat(300, () => raw().end(`${request}{"session":"","frames":[]}`))
      await pause(2000)
    }
  },
  {
    title: 'readers that never read the member pages they ask for',
    async attack({ socket }, server) {
      const owner = await socket()
      await owner.login('mallory')
      await own(owner, 'unread', 1, 499)
      const question = JSON.stringify({
        type: 'members',
        groupID: 'unread-0',
        after: '',
        limit: 500
      })
      await Promise.all(
        times(4).map(async () => {
          const reader = await socket()
          await reader.login('mallory')
          reader.pause()
          await repeat(190, () => reader.send(question))
        })
      )
      await worked(server)
    },
    leaves: () => crowdRows(1, 499),
    // 64 KiB for each that does not read, and a frame.
    heldMiBMax: 6
  },
  {
    title: 'readers that never read a burst of changes',
    async attack({ socket }) {
      const owner = await socket()
      await owner.login('mallory')
      await own(owner, 'burst', 1, 0)
      const readers = await Promise.all(times(sessionsAtOnce).map(() => socket()))
      await Promise.all(readers.map(reader => reader.login('mallory')))
      for (const reader of readers) reader.pause()
      for (const count of times(20))
        await owner.judge(
          ...times(50).map(index =>
            operation(`burst-${count}-${index}`, 'updateGroupProfile', {
              groupID: 'burst-0',
              introduction: `${count}-${index}`.padEnd(240, 'x'),
              notification: 'x'.repeat(300)
            })
          )
        )
    },
    leaves: () => ({ ...crowdRows(1, 0), tips: 1001, log: 1001, verdicts: 1001, feed: 1001 })
  },
  {
    title: 'clients that hang up in the middle of catching up',
    async attack({ socket }) {
      const owner = await socket()
      await owner.login('mallory')
      await own(owner, 'caught', 400, 0)
      await repeat(60, async () => {
        const leaver = await socket()
        await leaver.send(hello('mallory'))
        leaver.hangUp()
      })
    },
    leaves: () => crowdRows(400, 0),
    // Reading for a client ends when it has hung up: at most one frame of 100 groups each.
    queriesMax: 20_000
  },
  {
    title: 'HTTP clients that never fetch what they have asked for',
    async attack({ socket, say }) {
      const owner = await socket()
      await owner.login('mallory')
      await own(owner, 'unfetched', 1, 499)
      const question = JSON.stringify({
        type: 'members',
        groupID: 'unfetched-0',
        after: '',
        limit: 500
      })
      await Promise.all(
        times(4).map(async () => {
          const session = (await say(''))?.session ?? ''
          await say(session, hello('mallory'))
          await repeat(4, () => say(session, ...times(40).map(() => question)))
          // A session that says something does not end.
          await repeat(6, () => pause(1000).then(() => say(session, { type: 'ping' })))
        })
      )
    },
    leaves: () => crowdRows(1, 499),
    // 128 KiB for each that does not fetch, and a frame.
    heldMiBMax: 6
  },
  {
    title: 'requests of every wrong kind, pipelined and in bulk',
    async attack({ http, raw }) {
      const tooLong = 'x'.repeat(3 * frameLimits.toServerBytesMax)
      const kinds = [
        () => http('', { method: 'GET' }),
        () => http('', { method: 'DELETE' }),
        () => http('{}', { method: 'PUT' }),
        () => http('{"session":"x","frames":[]}'),
        () => http('{"session":"","frames":[]}', { headers: { 'content-encoding': 'gzip' } }),
        () => http('\u001f\u008b\b\0', { headers: { 'content-type': 'application/gzip' } }),
        () => http('{"session":"","frames":[]}', { headers: { 'transfer-encoding': 'chunked' } }),
        () => http('{"session":"","frames":[]}', { headers: { expect: '100-continue' } }),
        () => http('['.repeat(100_000)),
        () => http('{"session":{"__proto__":null},"frames":[]}'),
        () => http('', { path: '/sync/../sync' }),
        () => http('', { path: `/${'x'.repeat(7000)}` })
      ]
      await Promise.all(kinds.map(async kind => void (await Promise.all(times(40).map(kind)))))
      await Promise.all(times(10).map(() => http(tooLong)))
      const empty = JSON.stringify({ session: '', frames: [] })
      const pipelined = `POST /sync HTTP/1.1\r\n${headers}Content-Length: 26\r\n\r\n${empty}`
      const contradictory =
        `POST /sync HTTP/1.1\r\n${headers}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `0\r\n\r\nGET /sync HTTP/1.1\r\n${headers}\r\n`
      const badChunk = `POST /sync HTTP/1.1\r\n${headers}Transfer-Encoding: chunked\r\n\r\nzz\r\nx`
      for (const text of [
        pipelined.repeat(1000),
        contradictory,
        badChunk,
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
      ])
        raw().write(text)
      await pause(1000)
    }
  },
  {
    title: 'upgrades in nonsense',
    async attack({ raw }) {
      const wrong = [
        'Upgrade: websocket\r\n',
        'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n',
        'Upgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
        `Upgrade: websocket\r\nSec-WebSocket-Protocol: ${','.repeat(5000)}\r\n`,
        'Upgrade: websocket\r\nSec-WebSocket-Extensions: __proto__; constructor=1\r\n'
      ]
      const upgrade = `GET /sync HTTP/1.1\r\n${headers}Connection: Upgrade\r\n`
      await repeat(30, async index => {
        const sockets = wrong.map(lines => {
          const tcp = raw()
          tcp.write(`${upgrade}${lines}\r\n\u0081\u0081`)
          return tcp
        })
        await pause(10)
        // Half of them are reset while the server still answers.
        if (index % 2) for (const tcp of sockets) tcp.resetAndDestroy()
      })
      await pause(1000)
    }
  }
]
