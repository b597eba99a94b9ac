/** The constants of Tencent's SDK of today. */

import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import TIM from '../../src/tim/tim.ts'

const load = createRequire(import.meta.url)
const sdk = load('@tencentcloud/chat') as Readonly<Record<'TYPES' | 'EVENT' | 'TSignaling', object>>

test('the constants of signaling have the values of the SDK', () => {
  expect(TIM.TSignaling).toEqual(sdk.TSignaling)
})

test.each(['TYPES', 'EVENT'] as const)('%s has every name of the SDK', set => {
  expect(Object.keys(sdk[set]).filter(name => !Object.hasOwn(TIM[set], name))).toEqual([])
})
