/** Reads the body of a request. An attacker may send it slowly, without an end, or too long. */

import type { IncomingMessage } from 'node:http'
import type { Place } from './lobby.ts'

/** A longer body is read and discarded up to this length, so that the client reads the answer. */
const discardedBytesMax = 16_777_216

/** `undefined`: longer than `bytesMax`. Rejects if the client hangs up, or loses its place. */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  place: Place
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > discardedBytesMax) return resolve(undefined)
      if (length > bytesMax) {
        chunks = []
        return
      }
      chunks.push(chunk)
      place.add(chunk.length)
    })
    request.on('end', () =>
      resolve(length > bytesMax ? undefined : Buffer.concat(chunks).toString())
    )
    request.on('error', reject)
    request.on('close', () => reject(new Error('the client has hung up')))
  })
}
