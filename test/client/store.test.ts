import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import type { Engine } from '../../src/engine/api.ts'
import { createTestClient, createTestServer } from '../harness.ts'

test('answers of calls are freed while the store is open', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { engine } = createTestClient(createTestServer(), 'ann')
  const answers: WeakRef<object>[] = []
  const watched: Engine = {
    ...engine,
    async settled(opID) {
      const answer = await engine.settled(opID)
      answers.push(new WeakRef(answer))
      return answer
    }
  }
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(Promise.resolve(watched), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  const store = createStore('ann', remote, streams)
  expect(await store.settled('none')).toMatchObject({ code: 4503 })
  const isForgotten = () => {
    collect()
    return answers.map(answer => answer.deref() === undefined)
  }
  await expect.poll(isForgotten).toEqual([true])
  await store.close()
  expect(await store.settled('none')).toMatchObject({ code: 2999 })
})
