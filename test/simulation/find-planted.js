/** npm run simulate:planted -- [--threads 1] [name…]: prints the first seed that finds each bug. */

import { parseArgs } from 'node:util'
import { bundle } from './bundle.js'
import { planted, stepsToFind, worldOf } from './planted.js'
import { runSeeds } from './pool.js'

const seedsMax = 800
const { values, positionals: names } = parseArgs({
  options: { threads: { type: 'string' } },
  allowPositionals: true
})
let missed = 0
for (const [name, { edits }] of Object.entries(planted)) {
  if (names.length > 0 && !names.includes(name)) continue
  const file = await bundle({ name, file: 'planted', edits })
  const reports = await runSeeds(file, {
    seeds: Array.from({ length: seedsMax }, (_, index) => index + 1),
    steps: stepsToFind,
    machine: 'memory',
    perJob: 2,
    ...(worldOf[name] && { conditions: worldOf[name] }),
    ...(values.threads !== undefined && { threads: Number(values.threads) })
  })
  const failed = reports
    .flatMap(report => report.failed ?? [])
    .sort((a, b) => a.outcome.seed - b.outcome.seed)
    .at(0)?.outcome
  if (!failed) missed++
  process.stdout.write(
    `| ${name} | ${failed?.seed ?? 'not found'} | ${failed?.violation?.invariant ?? ''} |\n`
  )
}
process.exitCode = missed
