/** `request` of mini-programs over the network, with the differences of platforms. */

import type { MiniProgramCalls } from '../../src/mini-program/platforms/of-calls.ts'

type Options = Parameters<NonNullable<MiniProgramCalls['request']>>[0]
type Callback = (answer: object) => void
export type RequestDialect = keyof typeof dialects

export type Requests = Required<Pick<MiniProgramCalls, 'request'>> & {
  /** From now on, requests fail or get no answer. */
  become(state: 'working' | 'failing' | 'silent'): void
  /** How many bodies were under way at once, at most: with frames, and without. */
  readonly atOnce: { sending: number; polling: number }
}

export function createRequests(dialect: RequestDialect): Requests {
  const { answer, failsByStatus, returnsPromise } = dialects[dialect]
  let state: Parameters<Requests['become']>[0] = 'working'
  const underWay = new Set<AbortController>()
  const now = { sending: 0, polling: 0 }
  const atOnce = { sending: 0, polling: 0 }

  async function exchange({ url, data, header }: Options, over: AbortController): Promise<object> {
    if (state === 'failing') throw new Error('request:fail')
    if (state === 'silent') return new Promise(() => undefined)
    const kind = (JSON.parse(data as string) as { frames: unknown[] }).frames.length
      ? 'sending'
      : 'polling'
    atOnce[kind] = Math.max(atOnce[kind], ++now[kind])
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: header as Record<string, string>,
        body: data as string,
        signal: over.signal
      })
      const text = await response.text()
      if (failsByStatus && !response.ok) throw Object.assign(new Error(), { error: 19 })
      return answer(response.status, text)
    } finally {
      now[kind]--
    }
  }

  return {
    atOnce,
    become(next) {
      state = next
      if (next === 'failing') for (const over of underWay) over.abort()
    },
    request(options) {
      const over = new AbortController()
      underWay.add(over)
      const exchanged = exchange(options, over).finally(() => underWay.delete(over))
      void exchanged.then(options.success as Callback, options.fail as Callback)
      return Object.assign(returnsPromise ? exchanged : {}, { abort: () => over.abort() })
    }
  }
}

const dialects = {
  wx: {
    answer: (statusCode: number, data: string): object => ({ statusCode, data, header: {} }),
    failsByStatus: false,
    returnsPromise: false
  },
  my: {
    answer: (status: number, data: string): object => ({ status, data, headers: {} }),
    failsByStatus: true,
    returnsPromise: false
  },
  Taro: {
    answer: (statusCode: number, data: string): object => ({ statusCode, data: JSON.parse(data) }),
    failsByStatus: false,
    returnsPromise: true
  }
}
