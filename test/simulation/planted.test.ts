import { expect, test } from 'vitest'
import { bundle } from './bundle.js'
import { foundBy, planted, stepsToFind } from './planted.js'
import { runSeeds } from './pool.js'

test('every planted bug is found by its seed', async () => {
  const missed: string[] = []
  for (const [name, { edits }] of Object.entries(planted)) {
    const file = await bundle({ name: 'planted-test', edits })
    // Too rare for every run; planted above all the same, so that the edit stays true.
    const seed = foundBy[name]
    if (seed === undefined) continue
    const reports = await runSeeds(file, { seeds: [seed], steps: stepsToFind, machine: 'memory', threads: 1 })
    if (!reports.some(report => report.failed)) missed.push(name)
  }
  expect(missed).toEqual([])
  expect(Object.keys(foundBy).length).toBeGreaterThan(19)
}, 600_000)
