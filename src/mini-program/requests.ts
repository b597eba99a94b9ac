/** The requests of a mini-program, for networks that block its sockets. */

import type { Reply, Requests } from '../protocol/transports/long-poll.ts'
import { settle } from './socket.ts'

/** `request` of a mini-program, in the terms of all platforms. */
export type RequestCalls = {
  request?(options: {
    url: string
    method?: string
    data?: string | object
    dataType?: string
    /** Alipay had only `headers` at first. */
    header?: object
    headers?: object
    timeout?: number
    success?: (answer: never) => void
    fail?: (failure: never) => void
  }): unknown
}

/** Alipay waits for 30 s otherwise. The server answers after 25 s at the latest. */
const timeoutMs = 60_000

/** With this type a web page needs no other request first, and Alipay leaves the text as it is. */
const header = { 'content-type': 'text/plain' }

export function createRequests(calls: RequestCalls, url: string): Requests {
  const tasks = new Set<unknown>()

  return {
    post: data =>
      new Promise((resolve, reject) => {
        const end = (answer: unknown) => {
          tasks.delete(task)
          const reply = replyOf(answer)
          if (reply) resolve(reply)
          else reject(new Error('There is no reply.'))
        }
        let task: unknown
        task = calls.request?.({
          ...{ url, method: 'POST', data, header, headers: header, timeout: timeoutMs },
          // Otherwise platforms parse the answer, and some fail if it is not JSON.
          dataType: 'text',
          success: end,
          // Alipay fails if the status is an error.
          fail: end
        })
        tasks.add(task)
        settle(task)
      }),
    abort() {
      for (const task of tasks) abort(task)
    }
  }
}

/** `undefined`: the answer has no status, so the network has failed. */
function replyOf(answer: unknown): Reply | undefined {
  const { data, statusCode, status = statusCode } = Object(answer) as { [field: string]: unknown }
  return typeof status === 'number' ? { status, body: parsed(data) } : undefined
}

function parsed(data: unknown): unknown {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    // Expected: a proxy has answered.
    return undefined
  }
}

function abort(task: unknown): void {
  try {
    ;(task as { abort?(): void } | undefined)?.abort?.()
  } catch {
    // Expected: the request has ended.
  }
}
