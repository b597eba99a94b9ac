/**
 * Random bytes for IDs. Platforms deliver them asynchronously, so they are requested ahead. Bytes
 * that have not arrived in time come from `Math.random`: an ID has to be unique, not secret.
 */

import { setRandomSource } from '../host/random-id.ts'
import type { Platform } from './platform.ts'

const bytesPerRequest = 16_384

export function seedRandomIDs(platform: Platform): void {
  const randomBytes = platform.randomBytes?.bind(platform)
  let bytes = new Uint8Array(0)
  let used = 0
  let isRequested = false

  function request(): void {
    if (isRequested || !randomBytes) return
    isRequested = true
    const receive = (buffer: ArrayBuffer) => {
      bytes = new Uint8Array(buffer)
      used = 0
      isRequested = false
    }
    // Expected: the platform has no random bytes now. The next request may get some.
    const fail = () => void (isRequested = false)
    Promise.resolve(bytesPerRequest).then(randomBytes).then(receive, fail)
  }

  setRandomSource(target => {
    for (let index = 0; index < target.length; index++)
      target[index] = bytes[used++] ?? Math.floor(256 * Math.random())
    if (used >= bytes.length / 2) request()
  })
  request()
}
