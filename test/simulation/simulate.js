/**
 * npm run simulate -- --seeds 100 --steps 2500 [--first 1] [--threads 2]
 *   [--machine memory|indexeddb|pglite|postgres]
 *   [--world links,names]: exactly these conditions (swarm.ts) instead of the drawn ones
 * npm run simulate -- --seed 17 --steps 2500 [--only 3,5,8]: one seed with its transcript
 */

import { parseArgs } from 'node:util'
import { bundle } from './bundle.js'
import { runSeeds } from './pool.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    steps: { type: 'string', default: '2500' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    only: { type: 'string' },
    machine: { type: 'string', default: 'memory' },
    world: { type: 'string' },
    threads: { type: 'string' }
  }
})
const print = (/** @type {string} */ line) => process.stdout.write(`${line}\n`)
const first = Number(values.seed ?? values.first)
const count = values.seed === undefined ? Number(values.seeds) : 1
const started = performance.now()
const file = await bundle()
let steps = 0
let runs = 0
let operations = 0
let hash = 0
let slowest = 0
let reported = 0
const rate = () => Math.round((steps / (performance.now() - started)) * 1000)
const conditions = /** @type {import('./swarm.ts').Condition[] | undefined} */ (
  values.world?.split(',').filter(name => name !== 'none')
)
const machine = /** @type {import('./machines.ts').Machine} */ (values.machine)

const reports = await runSeeds(file, {
  seeds: Array.from({ length: count }, (_, index) => first + index),
  steps: Number(values.steps),
  machine,
  shrinking: true,
  recorded: values.seed !== undefined,
  ...(values.threads !== undefined && { threads: Number(values.threads) }),
  ...(conditions && { conditions }),
  ...(values.only !== undefined && { only: values.only.split(',').map(Number) }),
  onReport({ outcomes }) {
    for (const outcome of outcomes) {
      steps += outcome.steps
      operations += outcome.operations
      runs++
      slowest = Math.max(slowest, outcome.settledIn)
      // A sum, because the order of reports differs between runs.
      hash = (hash + Math.imul(outcome.hash, outcome.seed | 1)) >>> 0
    }
    if (performance.now() - reported > 10_000) {
      reported = performance.now()
      print(`${runs} seeds, ${steps} steps, ${rate()} steps/s`)
    }
  }
})
const failed = reports.find(report => report.failed)?.failed
if (failed) {
  const { outcome, only } = failed
  for (const line of outcome.transcript.filter(each => !/"type":"p[io]ng"/.test(each)).slice(-60))
    print(line.length > 600 ? `${line.slice(0, 600)}…` : line)
  print(
    `seed ${outcome.seed} violates ${outcome.violation?.invariant}: ${outcome.violation?.detail}`
  )
  const which =
    (only.length > 0 ? ` --only ${only.join(',')}` : '') +
    (values.world === undefined ? '' : ` --world ${values.world}`) +
    (machine === 'memory' ? '' : ` --machine ${machine}`)
  print(`npm run simulate -- --seed ${outcome.seed} --steps ${values.steps}${which}`)
  process.exitCode = 1
}
const seconds = Math.round((performance.now() - started) / 1000)
print(
  `${runs} seeds, ${steps} steps, ${operations} operations, ${seconds} s, ${rate()} steps/s, ` +
    `settled in at most ${slowest} steps per device, hash ${hash.toString(16)}`
)
