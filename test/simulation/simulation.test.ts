import { beforeAll, expect, test } from 'vitest'
import { bundle } from './bundle.js'
import { runSeeds } from './pool.js'
import { stepsToSettleMax } from './simulation.ts'

let file = ''
beforeAll(async () => {
  file = await bundle({ name: 'test' })
})

const from = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => first + index)

/** Each failure with the command that repeats it. */
const failures = (reports: Awaited<ReturnType<typeof runSeeds>>) =>
  reports.flatMap(({ failed }) =>
    failed
      ? [
          `${failed.outcome.violation?.invariant}: ${failed.outcome.violation?.detail}`,
          `npm run simulate -- --seed ${failed.outcome.seed}`
        ]
      : []
  )
const outcomes = (reports: Awaited<ReturnType<typeof runSeeds>>) =>
  reports.flatMap(report => report.outcomes).sort((a, b) => a.seed - b.seed)
const hashes = (reports: Awaited<ReturnType<typeof runSeeds>>) =>
  outcomes(reports).map(({ seed, hash }) => [seed, hash])

test('two million steps with faults violate no invariant and settle', async () => {
  const reports = await runSeeds(file, {
    seeds: from(1, 780),
    steps: 2500,
    machine: 'memory',
    perJob: 4,
    shrinking: true
  })
  expect(failures(reports)).toEqual([])
  expect(outcomes(reports).reduce((sum, { steps }) => sum + steps, 0)).toBeGreaterThan(2_000_000)
  expect(Math.max(...outcomes(reports).map(({ settledIn }) => settledIn))).toBeLessThan(
    stepsToSettleMax
  )
}, 900_000)

test('a seed has the same trace in each run and over IndexedDB', async () => {
  const seeds = from(1, 12)
  const run = (machine: 'memory' | 'indexeddb') =>
    runSeeds(file, { seeds, steps: 800, machine, perJob: 3 })
  const [first, second, stored] = [await run('memory'), await run('memory'), await run('indexeddb')]
  expect(failures(stored)).toEqual([])
  expect(hashes(second)).toEqual(hashes(first))
  expect(hashes(stored)).toEqual(hashes(first))
}, 600_000)

test('no invariant is violated over PostgreSQL', async () => {
  const reports = await runSeeds(file, {
    seeds: from(1, 4),
    steps: 500,
    machine: 'pglite',
    perJob: 2
  })
  expect(failures(reports)).toEqual([])
  expect(outcomes(reports).length).toBe(4)
}, 600_000)
