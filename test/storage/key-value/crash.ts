/**
 * Ends the process in every mutation of the host, and opens the database again. It must hold all
 * acknowledged commits, and perhaps the one that was being written.
 */

import type { openKeyValueStorage } from '../../../src/storage/key-value/storage.ts'
import { createRandom, type Random } from '../../simulation/random.ts'
import {
  apply,
  createRecordingHost,
  tear,
  type MutationBatch,
  type Values
} from './recording-host.ts'
import {
  applyWrites,
  modelOf,
  randomWrites,
  stateOf,
  storedState,
  type Model
} from './rows-model.ts'

type Options = {
  readonly open: typeof openKeyValueStorage
  readonly commits: number
  readonly bytesPerValue: number
}

export type CrashReport = {
  readonly mutations: number
  readonly crashes: number
  /** The first violation: storage has lost or invented a commit. */
  readonly violation: string | undefined
}

/** Mutations in flight together end in one of many ways. So many of them are tried. */
const drawsPerBatch = 4
/** After one of so many crashes, another session begins, and the process dies in it too. */
const crashesPerSecondSession = 50

export async function crashEverywhere(options: Options): Promise<CrashReport> {
  const random = createRandom('crash')
  const first = await runSession(options, random, { values: new Map(), model: new Map() })
  let crashes = 0
  let mutations = 0
  const before: Values = new Map()
  const report = (violation?: string): CrashReport => ({ mutations, crashes, violation })

  for (const batch of first.batches) {
    for (const [outcome, values] of crashOutcomes(before, batch, random)) {
      crashes++
      const title = `mutation ${mutations} (${batch.mutations[0]?.key}) was ${outcome}`
      const violation = await checkState(options, {
        values: new Map(values),
        session: first,
        batch
      })
      if (violation) return report(`${title}: ${violation}`)
      if (crashes % crashesPerSecondSession > 0) continue
      const again = await crashAgain(options, random, values)
      if (again) return report(`${title}, and then ${again}`)
    }
    for (const mutation of batch.mutations) apply(before, mutation)
    mutations += batch.mutations.length
  }
  return report()
}

type Session = {
  readonly batches: readonly MutationBatch[]
  /** The state before the session, and after each of its commits. */
  readonly states: readonly string[]
}

async function runSession(
  { open, commits, bytesPerValue }: Pick<Options, 'open' | 'commits' | 'bytesPerValue'>,
  random: Random,
  { values, model }: { readonly values: Values; readonly model: Model }
): Promise<Session> {
  const states = [stateOf(model)]
  let acknowledged = 0
  const { host, batches } = createRecordingHost(values, {
    bytesPerValue,
    acknowledged: () => acknowledged
  })
  const storage = await open(host, 'db', { journalRecordsMax: 6 })
  for (let number = 1; number <= commits; number++) {
    const writes = randomWrites(random, number)
    applyWrites(model, writes)
    states.push(stateOf(model))
    const commit = storage.transact([], () => writes)
    if (random.chance(0.1)) {
      // A request for a checkpoint in each moment of a commit.
      for (let turn = random.below(6); turn > 0; turn--) await Promise.resolve()
      void storage.makeRoom?.()
    }
    await commit
    acknowledged = number
    // Gives a checkpoint time for some slices.
    if (random.chance(0.1)) await new Promise(resolve => setTimeout(resolve, 2))
  }
  await storage.close()
  return { batches, states }
}

/** The values that the process may leave if it dies during these mutations. */
export function* crashOutcomes(
  before: Values,
  { mutations }: MutationBatch,
  random: Random
): Generator<[outcome: string, values: Values]> {
  const [only] = mutations
  const ended = (each: string[]): [string, Values] => {
    const values = new Map(before)
    mutations.forEach((mutation, index) => {
      if (each[index] === 'applied') apply(values, mutation)
      if (each[index] === 'torn') tear(values, mutation, random.next())
    })
    return [each.join(), values]
  }
  if (only && mutations.length === 1) {
    yield ended(['lost'])
    if (only.value !== undefined) yield ended(['torn'])
    yield ended(['applied'])
    return
  }
  for (let draw = 0; draw < drawsPerBatch; draw++)
    yield ended(mutations.map(() => random.pick(['lost', 'torn', 'applied'])))
}

type Crash = { readonly values: Values; readonly session: Session; readonly batch: MutationBatch }

async function checkState(
  { open, bytesPerValue }: Pick<Options, 'open' | 'bytesPerValue'>,
  { values, session, batch }: Crash
): Promise<string | undefined> {
  const { host } = createRecordingHost(values, { bytesPerValue, acknowledged: () => 0 })
  const storage = await open(host, 'db')
  const state = await storedState(storage)
  await storage.close()
  const { acknowledged } = batch
  if (session.states.slice(acknowledged, acknowledged + 2).includes(state)) return undefined
  return `storage holds ${state} instead of ${session.states[acknowledged]}`
}

/** Goes on after a crash, and checks every crash of this second session. */
async function crashAgain(
  options: Options,
  random: Random,
  left: Values
): Promise<string | undefined> {
  const { host } = createRecordingHost(new Map(left), {
    bytesPerValue: options.bytesPerValue,
    acknowledged: () => 0
  })
  const storage = await options.open(host, 'db')
  const model = await modelOf(storage)
  await storage.close()
  const session = await runSession({ ...options, commits: 9 }, random, {
    values: new Map(left),
    model
  })
  const before: Values = new Map(left)
  for (const batch of session.batches) {
    for (const [outcome, values] of crashOutcomes(before, batch, random)) {
      const violation = await checkState(options, { values, session, batch })
      if (violation) return `${batch.mutations[0]?.key} was ${outcome}: ${violation}`
    }
    for (const mutation of batch.mutations) apply(before, mutation)
  }
  const end = { mutations: [], acknowledged: session.states.length - 1 }
  return checkState(options, { values: before, session, batch: end })
}
