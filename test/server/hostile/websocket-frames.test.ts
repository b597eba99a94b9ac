/** Frames of WebSocket that break its rules or the limits of the server. */

import { expect, test } from 'vitest'
import { frameLimits } from '../../../src/protocol/messages.ts'
import { parseServerMessage } from '../../../src/protocol/server-messages.ts'
import { close, exchange, frame, framesIn, upgrade } from './raw-bytes.ts'
import { hello, openStage, ping } from './stage.ts'

const { dial, expectAlive } = openStage()
const { toServerBytesMax } = frameLimits

const openSocket = async () => {
  const socket = dial()
  await exchange(socket, upgrade(), answer => answer.includes('\r\n\r\n'))
  return socket
}

/** Sends bytes over an upgraded connection. Returns the first frame of this opcode. */
async function send(
  bytes: Buffer,
  waitFor = 8
): Promise<{ opcode: number; payload: Buffer } | undefined> {
  const isIt = ({ opcode }: { opcode: number }) => opcode === waitFor
  const answer = await exchange(await openSocket(), bytes, received =>
    framesIn(received).some(isIt)
  )
  return framesIn(answer).find(isIt)
}

const pieces = (count: number, fin: boolean) =>
  Buffer.concat([
    frame('x', { fin: false }),
    ...Array.from({ length: count }, () => frame('x', { opcode: 0, fin: false })),
    ...(fin ? [frame('', { opcode: 0 })] : [])
  ])
const frames: [title: string, bytes: Buffer, code: number | undefined][] = [
  ['that is not masked', frame(ping, { masked: false }), 1002],
  ['with the first reserved bit', frame(ping, { rsv: 4 }), 1002],
  ['with the second reserved bit', frame(ping, { rsv: 2 }), 1002],
  ['with the third reserved bit', frame(ping, { rsv: 1 }), 1002],
  ['of a reserved opcode', frame(ping, { opcode: 3 }), 1002],
  ['of a reserved control opcode', frame('', { opcode: 11 }), 1002],
  ['one byte over the limit', frame('x'.repeat(toServerBytesMax + 1)), 1009],
  ['nested deeper than the limit', frame('['.repeat(toServerBytesMax + 1)), 1009],
  [
    'of more keys than the limit',
    frame(`{${'"key":0,'.repeat(toServerBytesMax / 8)}"key":0}`),
    1009
  ],
  ['that claims 2^52 bytes', frame('x', { length: 2n ** 52n }), 1009],
  ['that claims 2^63 bytes', frame('x', { length: 2n ** 63n }), 1009],
  [
    'in pieces over the limit',
    Buffer.concat([frame('x'.repeat(toServerBytesMax), { fin: false }), frame('x', { opcode: 0 })]),
    1009
  ],
  ['in 20,000 pieces without an end', pieces(20_000, false), 1008],
  ['in 1,000 pieces that are not JSON', pieces(1000, true), 4400],
  ['that continues nothing', frame(ping, { opcode: 0 }), 1002],
  ['that begins inside another', Buffer.concat([frame('{', { fin: false }), frame(ping)]), 1002],
  ['of bytes other than UTF-8', frame(Buffer.from([0x22, 0xff, 0xfe, 0x22])), 1007],
  ['of truncated UTF-8', frame(Buffer.from([0x22, 0xe7, 0xbe])), 1007],
  ['of UTF-8 with half a surrogate pair', frame(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), 1007],
  ['of overlong UTF-8', frame(Buffer.from([0x22, 0xc0, 0xaf, 0x22])), 1007],
  ['that is binary', frame(ping, { opcode: 2 }), 1003],
  ['that is binary and empty', frame('', { opcode: 2 }), 1003],
  ['that is empty', frame(''), 4400],
  ['that pings with 126 bytes', frame('x'.repeat(126), { opcode: 9 }), 1002],
  ['that pings in pieces', frame('x', { opcode: 9, fin: false }), 1002],
  // Cut without a code: a client that reads no pongs would not read a code either.
  [
    'that pings 100,000 times',
    Buffer.concat(Array.from({ length: 100_000 }, () => frame('', { opcode: 9 }))),
    undefined
  ],
  ['that closes with 999', close(999), 1002],
  ['that closes with 1005', close(1005), 1002],
  ['that closes with an incomplete code', frame('x', { opcode: 8 }), 1002],
  ['that closes with an invalid reason', close(1000, '\u00ff\u00fe'), 1007]
]
test.each(frames)('a frame %s ends the connection', async (_title, bytes, code) => {
  const closing = await send(bytes)
  expect(closing?.payload.readUInt16BE()).toBe(code)
  await expectAlive()
})

test('a ping of 125 bytes is answered after an unsolicited pong', async () => {
  const answer = await send(
    Buffer.concat([frame('', { opcode: 10 }), frame('x'.repeat(125), { opcode: 9 })]),
    10
  )
  expect(answer?.payload.toString()).toBe('x'.repeat(125))
  await expectAlive()
})

test.each([
  [200, 'are answered', undefined],
  [300, 'are refused with 10006', 4429]
])('%i messages at once %s', async (messages, _title, code) => {
  const socket = await openSocket()
  await exchange(socket, frame(JSON.stringify(hello('mallory'))), answer =>
    answer.includes('"caughtUp":true')
  )
  const isOver = (answer: Buffer) => {
    const answers = framesIn(answer)
    return answers.length === messages || answers.some(({ opcode }) => opcode === 8)
  }
  const answer = await exchange(
    socket,
    Buffer.concat(Array.from({ length: messages }, () => frame(ping))),
    isOver
  )
  const answers = framesIn(answer)
  expect(answers.find(({ opcode }) => opcode === 8)?.payload.readUInt16BE()).toBe(code)
  const texts = answers
    .filter(({ opcode }) => opcode === 1)
    .map(({ payload }) => parseServerMessage(payload.toString()))
  if (code === undefined)
    expect(texts.map(message => message?.type)).toEqual(
      Array.from({ length: messages }, () => 'pong')
    )
  else expect(texts.at(-1)).toMatchObject({ type: 'error', error: { code: 10006 } })
  await expectAlive()
})
