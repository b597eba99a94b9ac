/** A running server against attackers who log in with userSigs that the app signed by mistake. */

import { afterAll, beforeAll, test } from 'vitest'
import { openArena, type Arena } from './arena.ts'
import { loginScenarios } from './scenarios/logins.ts'

let arena: Arena
beforeAll(async () => {
  arena = await openArena({ clockFactor: 5 })
})
afterAll(() => arena.close())

for (const scenario of loginScenarios)
  test(`the server withstands ${scenario.title}`, () => arena.withstand(scenario))
