/** Runs seeds in a thread, and reports their outcomes. */

import { parentPort } from 'node:worker_threads'
import { must } from '../../src/kernel/must.ts'
import { replaceFetch } from './http-wires.ts'
import { simulate, type Outcome } from './simulation.ts'
import { openStorageOf, openDatabaseOf, type Machine } from './machines.ts'
import { shrink } from './shrink.ts'
import type { Condition } from './swarm.ts'

export type Job = {
  readonly seeds: readonly number[]
  readonly steps: number
  readonly machine: Machine
  readonly only?: readonly number[]
  readonly recorded?: boolean
  /** Replaces the conditions that each seed draws. */
  readonly conditions?: readonly Condition[]
  readonly shrinking?: boolean
}
export type Report = {
  readonly outcomes: readonly Omit<Outcome, 'transcript'>[]
  /** The first failure, reduced to its necessary events. */
  readonly failed?: { readonly outcome: Outcome; readonly only: readonly number[] }
}

replaceFetch()
const port = must(parentPort)
port.on('message', (job: Job | 'stop') => {
  if (job === 'stop') port.close()
  else void run(job).then(report => port.postMessage(report))
})

async function run({
  seeds,
  steps,
  machine,
  only,
  recorded,
  conditions,
  shrinking
}: Job): Promise<Report> {
  const outcomes: Outcome[] = []
  async function once(
    seed: number,
    which: ReadonlySet<number> | undefined,
    isRecorded: boolean
  ): Promise<Outcome> {
    const database = await openDatabaseOf(machine)
    const options = {
      seed,
      steps,
      recorded: isRecorded,
      openStorage: openStorageOf(machine),
      database
    }
    const outcome = await simulate({
      ...options,
      ...(which && { only: which }),
      ...(conditions && { conditions: new Set(conditions) })
    })
    await database.close()
    return outcome
  }
  for (const seed of seeds) {
    const outcome = await once(seed, only && new Set(only), recorded ?? false)
    outcomes.push({ ...outcome, transcript: recorded ? outcome.transcript : [] })
    if (!outcome.violation) continue
    const smallest =
      shrinking && !only ? await shrink(outcome, which => once(seed, which, false)) : (only ?? [])
    const repeated = await once(seed, smallest.length > 0 ? new Set(smallest) : undefined, true)
    return { outcomes, failed: { outcome: repeated, only: smallest } }
  }
  return { outcomes }
}
