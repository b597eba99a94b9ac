/** Carries frames over HTTP, with the platform's `fetch`. */

import type { Connect } from '../port.ts'
import { longPoll } from './long-poll.ts'

/**
 * Returns a connection for `createGroupStore` over HTTP long poll, to a server at `https://…/sync`.
 * It needs `fetch` and `AbortController`.
 */
export const connectHttp = (url: string): Connect =>
  longPoll(() => {
    const over = new AbortController()
    return {
      async post(body) {
        const response = await fetch(url, { method: 'POST', body, signal: over.signal })
        // Expected: a proxy has answered, or the line breaks during the answer.
        const answer: unknown = await response.json().catch(() => undefined)
        return { status: response.status, body: answer }
      },
      abort: () => over.abort()
    }
  })
