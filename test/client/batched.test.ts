import { wrap, type Endpoint } from 'comlink'
import { expect, test } from 'vitest'
import { batched } from '../../src/client/batched.ts'

type Call = { id: string; path: string[]; argumentList: { value: unknown }[] }

/** What would be a worker: it answers each call with its arguments, those of a message in one. */
function start() {
  const messages: Call[][] = []
  let hear: (event: Event) => void = () => undefined
  const endpoint: Endpoint = {
    postMessage(calls: Call[]) {
      messages.push(structuredClone(calls))
      const answers = calls.map(({ id, argumentList }) => ({
        id,
        type: 'RAW',
        value: argumentList.map(({ value }) => value)
      }))
      queueMicrotask(() => hear({ data: answers } as unknown as Event))
    },
    addEventListener: (_type, listener) => (hear = listener as typeof hear),
    removeEventListener: () => undefined
  }
  const api = wrap<{ apply(...args: unknown[]): unknown[] }>(batched(endpoint))
  return { api, messages }
}

test('calls of one turn go in one message, in their order, and each gets its answer', async () => {
  const { api, messages } = start()
  const answers = await Promise.all([api.apply('a', 1), api.apply('b', 2)])
  expect(answers).toEqual([
    ['a', 1],
    ['b', 2]
  ])
  await api.apply('c', 3)
  expect(messages.map(calls => calls.map(({ argumentList }) => argumentList[0]?.value))).toEqual([
    ['a', 'b'],
    ['c']
  ])
})

test('callers may go on with their object', async () => {
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

test('an argument that cannot be copied is refused with a code, and the calls beside it are made', async () => {
  const { api, messages } = start()
  const answers = await Promise.all([api.apply('a'), api.apply('b', () => 1), api.apply('c')])
  expect(answers).toMatchObject([['a'], { code: 10004 }, ['c']])
  expect(messages.flat()).toHaveLength(2)
})
