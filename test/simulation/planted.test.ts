import { expect, test } from 'vitest'
import { bundle } from './bundle.js'
import { foundBy, planted, stepsToFind, worldOf } from './planted.js'
import { runSeeds } from './pool.js'

/** The first seed can change with the engine, so others follow. */
const others = Array.from({ length: 400 }, (_, index) => index + 1)

test('the simulation finds every planted bug', async () => {
  const missed: string[] = []
  for (const [name, { edits }] of Object.entries(planted)) {
    const file = await bundle({ name, file: 'planted-test', edits })
    const reports = await runSeeds(file, {
      seeds: [foundBy[name] ?? 1, ...others],
      steps: stepsToFind,
      machine: 'memory',
      perJob: 1,
      ...(worldOf[name] && { conditions: worldOf[name] })
    })
    if (!reports.some(report => report.failed)) missed.push(name)
  }
  expect(missed).toEqual([])
  expect(Object.keys(foundBy)).toEqual(Object.keys(planted))
  expect(Object.keys(planted).length).toBeGreaterThanOrEqual(48)
}, 600_000)
