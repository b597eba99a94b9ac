/**
 * Carries frames over HTTP, for where there are no WebSockets. A request with frames is answered at once; one without
 * waits until there are frames to bring back. A request that fails ends the connection: whatever it carried is asked
 * for, and sent, again.
 */

import * as v from 'valibot'
import type { Connect } from './port.ts'

const answer = v.object({ session: v.string(), frames: v.array(v.string()), isOver: v.boolean() })

export function connectHttp(url: string): Connect {
  return ({ onOpen, onFrame, onClose }) => {
    const over = new AbortController()
    let session = ''
    let unsent: string[] = []
    let isSending = false

    async function post(frames: readonly string[]): Promise<v.InferOutput<typeof answer>> {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify({ session, frames }), signal: over.signal })
      return v.parse(answer, await response.json())
    }

    async function poll(): Promise<void> {
      ;({ session } = await post([]))
      onOpen()
      for (;;) {
        const { frames, isOver } = await post([])
        for (const frame of frames) onFrame(frame)
        if (isOver) return
      }
    }

    async function flush(): Promise<void> {
      if (isSending) return
      isSending = true
      while (unsent.length > 0) {
        const frames = unsent
        unsent = []
        await post(frames)
      }
      isSending = false
    }

    const end = () => {
      if (over.signal.aborted) return
      over.abort()
      onClose()
    }
    void poll().then(end, end)
    return {
      send(frame) {
        unsent.push(frame)
        flush().catch(end)
      },
      close: () => over.abort()
    }
  }
}
