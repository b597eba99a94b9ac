/** The built files use only the parts of the language that WeChat's base library has. */

import { expect, test } from 'vitest'
import { lackingIn } from './engines.ts'
import { buildFiles } from './realm.ts'

/** The oldest base library that the documentation names. */
const baseLibrary = '2.30.0'

/** The source of random IDs in browsers. Opening a store replaces it by that of the platform. */
const replaced = ['crypto']

test.each(['cjs', 'esm'] as const)(
  'the base library has all that the %s build uses',
  async format => {
    for (const [name, code] of await buildFiles(format))
      expect([name, lackingIn(baseLibrary, code)]).toEqual([
        name,
        name === 'shared.js' ? replaced : []
      ])
  }
)

test.each([
  ['class Store { rows = [] }', ['syntax of chrome 86', 'syntax of ios 13']],
  ['let name; name ??= 1', ['syntax of ios 13']],
  ['structuredClone({})', ['structuredClone']],
  ['const { signal } = new AbortController()', ['AbortController']],
  ['globalThis.rows = []', ['globalThis']],
  ['[1].toSorted()', ['.toSorted']],
  ['Object.groupBy([], row => row)', ['.groupBy']]
])('%s is noticed', (code, faults) => {
  expect(lackingIn(baseLibrary, code)).toEqual(faults)
})

test.each([
  'if (typeof crypto === "object") crypto.subtle',
  '[1].at(0)',
  'const { crypto } = {}; crypto',
  'const [URL = 1, ...queueMicrotask] = []; URL(queueMicrotask)',
  'Promise.allSettled([])'
])('%s is allowed', code => {
  expect(lackingIn(baseLibrary, code)).toEqual([])
})
