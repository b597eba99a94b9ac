import { expect, test } from 'vitest'
import { bundle } from './bundle.js'
import { foundBy, planted, stepsToFind, worldOf } from './planted.js'
import { runSeeds } from './pool.js'

/** Another seed may be the first after a change of the engine. */
const others = Array.from({ length: 400 }, (_, index) => index + 1)

test('every planted bug is found, most by the seed that was the first to find it', async () => {
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
