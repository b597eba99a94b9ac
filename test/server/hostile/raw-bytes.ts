/** Bytes of HTTP and WebSocket that no library would send. */

import type { Socket } from 'node:net'
import { origin } from './stage.ts'

export const upgrade = (
  changes: Record<string, string | undefined> = {},
  { path = '/sync', method = 'GET', more = '' } = {}
): string => {
  const headers: Record<string, string | undefined> = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    Origin: origin,
    ...changes
  }
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}${more}\r\n`
}

/** Sends bytes, and collects the answer until `isEnough` or the end of the connection. */
export async function exchange(
  socket: Socket,
  bytes: string | Buffer,
  isEnough: (answer: Buffer) => boolean
): Promise<Buffer> {
  let answer = Buffer.alloc(0)
  await new Promise<void>(resolve => {
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk])
      if (isEnough(answer)) resolve()
    })
    socket.once('end', resolve)
    // Expected: the server hangs up while it is written to. Its answer so far counts.
    socket.on('error', () => resolve())
    socket.write(bytes)
  })
  socket.removeAllListeners('data')
  return answer
}

type FrameParts = {
  opcode?: number
  fin?: boolean
  rsv?: number
  masked?: boolean
  length?: bigint
}
const mask = Buffer.from([1, 2, 3, 4])
export function frame(
  payload: string | Buffer,
  { opcode = 1, fin = true, rsv = 0, masked = true, length }: FrameParts = {}
): Buffer {
  const body = Buffer.from(payload)
  const size = length ?? BigInt(body.length)
  const head = Buffer.alloc(size < 126n ? 2 : size < 65536n ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = (masked ? 0x80 : 0) | (size < 126n ? Number(size) : size < 65536n ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(Number(size), 2)
  if (head.length === 10) head.writeBigUInt64BE(size, 2)
  return Buffer.concat(
    masked ? [head, mask, body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))] : [head, body]
  )
}
export const close = (code: number, reason = ''): Buffer => {
  const number = Buffer.alloc(2)
  number.writeUInt16BE(code)
  return frame(Buffer.concat([number, Buffer.from(reason, 'latin1')]), { opcode: 8 })
}

/** The complete frames in the bytes of a server. */
export function framesIn(bytes: Buffer): { opcode: number; payload: Buffer }[] {
  const frames = []
  for (let offset = 0; offset + 2 <= bytes.length;) {
    const short = (bytes[offset + 1] ?? 0) & 0x7f
    const size =
      short === 126
        ? bytes.readUInt16BE(offset + 2)
        : short === 127
          ? Number(bytes.readBigUInt64BE(offset + 2))
          : short
    const start = offset + (short === 126 ? 4 : short === 127 ? 10 : 2)
    if (start + size > bytes.length) break
    frames.push({
      opcode: (bytes[offset] ?? 0) & 0x0f,
      payload: bytes.subarray(start, start + size)
    })
    offset = start + size
  }
  return frames
}
