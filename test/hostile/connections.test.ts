/** A running server against attackers that hold connections. */

import { afterAll, beforeAll, test } from 'vitest'
import { openArena, type Arena } from './arena.ts'
import { connectionScenarios } from './scenarios/connections.ts'

let arena: Arena
beforeAll(async () => {
  arena = await openArena({ clockFactor: 5 })
})
afterAll(() => arena.close())

for (const scenario of connectionScenarios)
  test(`the server withstands ${scenario.title}`, () => arena.withstand(scenario))
