/**
 * Received frames. All frames that arrive during a commit form the next batch, with one commit: a
 * commit costs far more than a row.
 */

import { groupError, storageFailed, type GroupError } from '../../kernel/errors.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import type { Link } from '../../protocol/port.ts'

/** In characters. A larger commit would delay the operations behind it. */
const batchLengthMax = 1_000_000

/** `badFrame`: the beginning of an invalid frame that arrived after the messages. */
type Batch = {
  readonly messages: readonly ServerMessage[]
  readonly badFrame: string | undefined
}

type ArrivedFrame = {
  readonly length: number
  readonly message: ServerMessage | undefined
  readonly beginning: string
}

type InboxOptions = {
  /** The connection that brings the frames. */
  link(): Link | undefined
  receive(messages: readonly ServerMessage[], isCurrent: () => boolean): Promise<void>
  fail(error: GroupError): void
}

export function createInbox({ link, receive, fail }: InboxOptions) {
  const frames: ArrivedFrame[] = []
  /** Receives one batch after another: the effect of a message depends on those before it. */
  let receiver: object | undefined

  async function receiveAll(): Promise<void> {
    const own = (receiver = {})
    const isCurrent = () => receiver === own
    while (isCurrent() && frames.length > 0) await receiveBatch(batchOf(nextFrames(frames)))
    if (isCurrent()) receiver = undefined
  }

  async function receiveBatch({ messages, badFrame }: Batch): Promise<void> {
    const current = link()
    const isCurrent = () => link() === current
    try {
      await receive(messages, isCurrent)
      if (badFrame !== undefined && isCurrent()) fail(groupError('BadFrame', badFrame))
    } catch (error) {
      // Expected: storage refuses. Over the next connection the server sends these messages again.
      if (isCurrent()) fail(storageFailed(error))
    }
  }

  return {
    add(frame: string, message: ServerMessage | undefined): void {
      frames.push({ length: frame.length, message, beginning: message ? '' : frame.slice(0, 80) })
      if (!receiver) void receiveAll()
    },
    clear: () => void (frames.length = 0),
    /**
     * Storage may never answer the commit of a batch. This tab has to stop leading first: then the
     * commit has no effect any more, and later frames need not wait for it.
     */
    abandon: () => void (receiver = undefined)
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
