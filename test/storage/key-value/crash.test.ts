/** The process dies in every mutation of a key-value host. */

import { expect, test } from 'vitest'
import { openKeyValueStorage } from '../../../src/storage/key-value/storage.ts'
import { bundleEdited } from '../../edited-bundle.js'
import { crashEverywhere } from './crash.ts'
import { plantedBugs } from './planted.ts'

const isLong = process.env.LONG_TESTS !== undefined

test.each([
  ['one value', 1_048_576, isLong ? 1000 : 250],
  ['several values', 900, isLong ? 500 : 50]
])('a crash keeps all acknowledged commits of %s', async (_, bytesPerValue, commits) => {
  const report = await crashEverywhere({ open: openKeyValueStorage, commits, bytesPerValue })
  expect(report.violation).toBeUndefined()
  // Each commit has a write that was lost, torn, or not acknowledged.
  expect(report.crashes).toBeGreaterThan(3 * commits)
})

test.each(Object.keys(plantedBugs))('the crash test finds a planted bug: %s', async title => {
  const file = await bundleEdited({
    input: 'src/storage/key-value/storage.ts',
    output: `dist/key-value/${title.replace(/\W+/g, '-')}.js`,
    edits: new Map(plantedBugs[title]?.map(edit => [edit, title]))
  })
  const { openKeyValueStorage: open } = (await import(file)) as {
    openKeyValueStorage: typeof openKeyValueStorage
  }
  const reports = [
    await crashEverywhere({ open, commits: 60, bytesPerValue: 900 }),
    await crashEverywhere({ open, commits: 60, bytesPerValue: 1_048_576 })
  ]
  expect(reports.filter(({ violation }) => violation !== undefined)).not.toEqual([])
})
