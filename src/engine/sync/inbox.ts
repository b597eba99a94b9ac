/**
 * Frames that have arrived. Those that arrive while others are being stored are
 * received together: one commit costs far more than one row.
 */

import type { ServerMessage } from '../../protocol/messages.ts'

/** In characters. A larger commit would delay the operations behind it. */
const batchLengthMax = 1_000_000

/** `badFrame`: the beginning of a frame after the messages that holds no message. */
export type Batch = {
  readonly messages: readonly ServerMessage[]
  readonly badFrame: string | undefined
}

type ArrivedFrame = {
  readonly length: number
  readonly message: ServerMessage | undefined
  readonly beginning: string
}

export function createInbox(receive: (batch: Batch) => Promise<void>) {
  const frames: ArrivedFrame[] = []
  let isReceiving = false

  /** One batch after another: the effect of a message depends on those before it. */
  async function receiveAll(): Promise<void> {
    isReceiving = true
    while (frames.length > 0) await receive(batchOf(nextFrames(frames)))
    isReceiving = false
  }

  return {
    add(frame: string, message: ServerMessage | undefined): void {
      frames.push({
        length: frame.length,
        message,
        beginning: message ? '' : frame.slice(0, 80)
      })
      if (!isReceiving) void receiveAll()
    },
    clear: () => void (frames.length = 0)
  }
}

function nextFrames(frames: ArrivedFrame[]): ArrivedFrame[] {
  let length = 0
  const end = frames.findIndex(frame => (length += frame.length) > batchLengthMax)
  return frames.splice(0, end < 0 ? frames.length : Math.max(1, end))
}

function batchOf(frames: readonly ArrivedFrame[]): Batch {
  const bad = frames.findIndex(({ message }) => !message)
  return {
    messages: frames.slice(0, bad < 0 ? undefined : bad).flatMap(({ message }) => message ?? []),
    badFrame: frames[bad]?.beginning
  }
}
