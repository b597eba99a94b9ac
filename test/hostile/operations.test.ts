/** A running server against attackers with forbidden operations. */

import { afterAll, beforeAll, test } from 'vitest'
import { openArena, type Arena } from './arena.ts'
import { operationScenarios } from './scenarios/operations.ts'

let arena: Arena
beforeAll(async () => {
  arena = await openArena({ clockFactor: 5 })
})
afterAll(() => arena.close())

for (const scenario of operationScenarios)
  test(`the server withstands ${scenario.title}`, () => arena.withstand(scenario))
