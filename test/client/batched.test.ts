import { expose, wrap, type Endpoint, type Remote } from 'comlink'
import { expect, test } from 'vitest'
import { batched } from '../../src/client/batched.ts'
import { copying } from '../../src/client/copying.ts'
import type { EngineApi } from '../../src/engine/api.ts'

type Message = { argumentList?: { value: unknown }[] }
type Api = { apply(...args: unknown[]): unknown }

/** Two batched ends. Messages are cloned as between threads. */
function start() {
  const calls: Message[][] = []
  const replies: Message[][] = []
  const listeners: ((event: Event) => void)[] = []
  const end = (mine: 0 | 1, posted: Message[][]): Endpoint => ({
    postMessage(messages: Message[]) {
      const data = structuredClone(messages)
      posted.push(data)
      setTimeout(() => listeners[1 - mine]?.({ data } as MessageEvent))
    },
    addEventListener: (_type, listener) => (listeners[mine] = listener as (event: Event) => void),
    removeEventListener: () => undefined
  })
  expose({ apply: async (...args: unknown[]) => args }, batched(end(1, replies)))
  const api: Remote<Api> = wrap<Api>(batched(end(0, calls)))
  // The UI thread's end clones the arguments of calls.
  const copied = copying(api as unknown as EngineApi) as unknown as Record<
    'apply',
    (...args: unknown[]) => Promise<unknown>
  >
  return { api: copied, calls, replies }
}

const argumentsOf = (messages: Message[][]) =>
  messages.map(list => list.map(({ argumentList }) => argumentList?.[0]?.value))

test('calls of one turn are posted in order as one message', async () => {
  const { api, calls } = start()
  await Promise.all([api.apply('a', 1), api.apply('b', 2)])
  await api.apply('c', 3)
  expect(argumentsOf(calls)).toEqual([['a', 'b'], ['c']])
})

test('each of several calls gets its own answer', async () => {
  const { api } = start()
  expect(await Promise.all([api.apply('a', 1), api.apply('b', 2)])).toEqual([
    ['a', 1],
    ['b', 2]
  ])
})

test('answers of one turn are posted as one message', async () => {
  const { api, replies } = start()
  await Promise.all([api.apply('a'), api.apply('b')])
  expect(replies.map(list => list.length)).toEqual([2])
})

test('callers may change their arguments after a call', async () => {
  const { api } = start()
  const args = { name: 'One' }
  const first = api.apply('rename', args)
  args.name = 'Two'
  const second = api.apply('rename', args)
  expect(await Promise.all([first, second])).toEqual([
    ['rename', { name: 'One' }],
    ['rename', { name: 'Two' }]
  ])
})

test('an argument that cannot be cloned fails its own call only', async () => {
  const { api, calls } = start()
  const answers = await Promise.all([api.apply('a'), api.apply('b', () => 1), api.apply('c')])
  expect(answers).toMatchObject([['a'], { code: 10004 }, ['c']])
  expect(calls.flat()).toHaveLength(2)
})
