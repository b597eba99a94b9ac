/** Upgrades to WebSocket: each invalid one is refused with its status. */

import { once } from 'node:events'
import { expect, test } from 'vitest'
import { exchange, upgrade } from './raw-bytes.ts'
import { openStage, origin } from './stage.ts'

const { dial, onEnd, expectAlive } = openStage()

const statusOf = async (request: string | Buffer): Promise<number> => {
  const answer = await exchange(dial(), request, bytes => bytes.includes('\r\n'))
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1])
}

const upgrades: [title: string, request: string | Buffer, status: number][] = [
  ['that is valid is accepted', upgrade(), 101],
  ['with a query is accepted', upgrade({}, { path: '/sync?token=x' }), 101],
  [
    'with the extension "constructor" is accepted without it',
    upgrade({ 'Sec-WebSocket-Extensions': 'constructor' }),
    101
  ],
  [
    'with malformed compression parameters is accepted without compression',
    upgrade({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=99' }),
    101
  ],
  ['without an origin is refused', upgrade({ Origin: undefined }), 403],
  ['from another origin is refused', upgrade({ Origin: 'https://evil.example' }), 403],
  ['from the origin "null" is refused', upgrade({ Origin: 'null' }), 403],
  [
    'from an origin with an allowed prefix is refused',
    upgrade({ Origin: `${origin}.evil.example` }),
    403
  ],
  [
    'from an origin with an allowed suffix is refused',
    upgrade({ Origin: `https://evil.example/${origin}` }),
    403
  ],
  ['from an allowed origin over http is refused', upgrade({ Origin: 'http://app.example' }), 403],
  ['from an allowed origin on another port is refused', upgrade({ Origin: `${origin}:444` }), 403],
  ['from two origins is refused', upgrade({}, { more: 'Origin: https://evil.example\r\n' }), 403],
  ['without a key is refused', upgrade({ 'Sec-WebSocket-Key': undefined }), 400],
  ['with a short key is refused', upgrade({ 'Sec-WebSocket-Key': 'x' }), 400],
  ['with version 99 is refused', upgrade({ 'Sec-WebSocket-Version': '99' }), 400],
  ['without a version is refused', upgrade({ 'Sec-WebSocket-Version': undefined }), 400],
  ['to another protocol is refused', upgrade({ Upgrade: 'h2c' }), 400],
  ['by POST is refused', upgrade({}, { method: 'POST' }), 405],
  ['of another path is refused', upgrade({}, { path: '/' }), 404],
  ['of a longer path is refused', upgrade({}, { path: '/sync/more' }), 404],
  ['of a malformed path is refused', upgrade({}, { path: '/%' }), 404],
  ['of the path "*" is refused', upgrade({}, { path: '*' }), 404],
  ['of the path "//" is refused', upgrade({}, { path: '//' }), 404],
  ['of an invalid address is refused', upgrade({}, { path: 'http://[' }), 404],
  ['with 200 KB in one header is refused', upgrade({ Cookie: 'x'.repeat(200_000) }), 431],
  ['with 10,000 headers is refused', upgrade({}, { more: 'X: y\r\n'.repeat(10_000) }), 431],
  ['with NUL in a header is refused', upgrade({ Cookie: 'a\u0000b' }), 400],
  [
    'without its headers is refused',
    `GET /sync HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\n\r\n`,
    405
  ],
  [
    'without its headers and without an origin is refused',
    'GET /sync HTTP/1.1\r\nHost: localhost\r\n\r\n',
    403
  ],
  ['in bytes other than HTTP is refused', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), 400]
]
test.each(upgrades)('an upgrade %s', async (_title, request, status) => {
  expect(await statusOf(request)).toBe(status)
  await expectAlive()
})

test('a refused connection that stays open is closed by the server', async () => {
  const socket = dial()
  socket.on('error', () => undefined)
  socket.write(upgrade({ Origin: undefined }))
  await once(socket.resume(), 'end')
  const more = setInterval(() => socket.write('x'), 5)
  onEnd(() => clearInterval(more))
  await new Promise(resolve => socket.once('close', resolve))
  await expectAlive()
})

test('connections that are cut around their upgrade do no harm', async () => {
  for (const bytes of [upgrade().slice(0, 50), upgrade(), `${upgrade()}\u0081`]) {
    const socket = dial()
    await once(socket, 'connect')
    socket.write(bytes, 'latin1')
    socket.resetAndDestroy()
  }
  await expectAlive()
})
