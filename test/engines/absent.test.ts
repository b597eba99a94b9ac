/**
 * Stands in for the tests of an engine that is not installed, so that their absence is reported.
 */

import { expect, inject, test } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    absent: { engine: string; install: string }
  }
}

const { engine, install } = inject('absent')

test(`${engine} is installed (${install})`, context => {
  // The check of a merge installs every engine first.
  expect(process.env.CI, `${engine} is not installed: ${install}`).toBeUndefined()
  // Reporters count a skipped test without its name.
  console.warn(`${engine} is not installed, so its tests do not run: ${install}`)
  context.skip(`${engine} is not installed: ${install}`)
})
