import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { operations } from '../../src/kernel/operations/index.ts'

const readme = readFileSync(new URL('../../src/tim/README.md', import.meta.url), 'utf8')

test.each(Object.keys(operations))('the README of the TIM API has a row for %s', name => {
  expect(readme).toContain(`| ${name} |`)
})
