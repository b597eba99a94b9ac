/** Sends frames in order, at the speed of the client. */

import type { Connection } from './session-port.ts'

export function createSender(connection: Connection, isOpen: () => boolean) {
  let isBlocked = false
  return {
    hasRoom: () => !isBlocked,
    async send(frames: Iterable<string>): Promise<void> {
      for (const frame of frames) {
        if (!isOpen()) return
        const drained = connection.send(frame)
        if (!drained) continue
        isBlocked = true
        await drained
        isBlocked = false
      }
    }
  }
}
