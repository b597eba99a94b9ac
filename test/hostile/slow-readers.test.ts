/** A running server against attackers who read slowly. */

import { afterAll, beforeAll, test } from 'vitest'
import { openArena, type Arena } from './arena.ts'
import { slowReaderScenarios } from './scenarios/slow-readers.ts'

let arena: Arena
beforeAll(async () => {
  arena = await openArena({ clockFactor: 5 })
})
afterAll(() => arena.close())

for (const scenario of slowReaderScenarios)
  test(`the server withstands ${scenario.title}`, () => arena.withstand(scenario))
