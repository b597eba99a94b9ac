/** Detects pollution of the built-in prototypes. */

import { expect } from 'vitest'

const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype]
const clean = prototypes.map(prototype => Reflect.ownKeys(prototype))

export function expectCleanPrototypes(): void {
  expect(prototypes.map(prototype => Reflect.ownKeys(prototype))).toEqual(clean)
}
