/** The TIM API with Tencent's own SDK as its delegate. The SDK has a service in this page. */

import { afterAll, inject } from 'vitest'
import TIM, { type Tim } from 'offline-groups/tim'
import { replaceNetwork, type Answer } from './tencent-network.ts'

export async function createDelegated(SDKAppID: number, answer: Answer): Promise<Tim> {
  replaceNetwork(answer)
  const { Worker } = globalThis
  // Without workers, the SDK opens its socket in the page. It looks for them when it is created.
  globalThis.Worker = undefined as never
  const { default: sdk } = (await import('@tencentcloud/chat')) as any
  const delegate = sdk.create({ SDKAppID })
  globalThis.Worker = Worker
  const tim = TIM.create({ SDKAppID, url: inject('url'), delegate }) as Tim
  afterAll(() => tim.destroy())
  return tim
}
