import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { operations } from '../../src/kernel/operations/index.ts'

const readme = readFileSync(new URL('../../src/tim/README.md', import.meta.url), 'utf8')
const rows = readme.split('\n').flatMap(line => /^\| (\w+) \|/.exec(line)?.[1] ?? [])

test('the README of the TIM API has a row for every operation', () => {
  expect(Object.keys(operations).filter(name => !rows.includes(name))).toEqual([])
})
