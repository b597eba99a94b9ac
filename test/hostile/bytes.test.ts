/** A running server against attackers that send much. */

import { afterAll, beforeAll, test } from 'vitest'
import { openArena, type Arena } from './arena.ts'
import { byteScenarios } from './scenarios/bytes.ts'

let arena: Arena
beforeAll(async () => {
  arena = await openArena()
})
afterAll(() => arena.close())

for (const scenario of byteScenarios)
  test(`the server withstands ${scenario.title}`, () => arena.withstand(scenario))
