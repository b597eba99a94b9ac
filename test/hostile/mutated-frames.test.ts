/**
 * A running server against mutated frames.
 * `npm run hostile -- --frames 1000000 [--seed 7] [--first 0]` sends more of them, or some again.
 */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseClientMessage } from '../../src/protocol/client-messages.ts'
import { openArena, type Arena } from './arena.ts'
import { sendMutated, type Run, type Tally } from './mutated-frames.ts'
import { validMessages } from './valid-frames.ts'

const { HOSTILE_FRAMES, HOSTILE_SEED, HOSTILE_FIRST } = process.env
const run: Run = {
  seed: Number(HOSTILE_SEED ?? Math.floor(Math.random() * 1_000_000)),
  first: Number(HOSTILE_FIRST ?? 0),
  frames: Number(HOSTILE_FRAMES ?? 10_000)
}

let arena: Arena
beforeAll(async () => {
  arena = await openArena({ clockFactor: 5 })
})
afterAll(() => arena.close())

test(
  `the server withstands ${run.frames} mutated frames of seed ${run.seed}`,
  { timeout: 0 },
  async () => {
    let tally: Tally | undefined
    const startedAtMs = Date.now()
    await arena.withstand({
      title: `${run.frames} mutated frames`,
      async attack(attackers) {
        tally = await sendMutated(attackers, run)
        console.log(`seed ${run.seed}: ${rate(tally.frames, startedAtMs)} frames/s`)
        console.table(Object.fromEntries([...tally.answers].sort()))
      },
      leaves: () => rowsOf(tally?.operations ?? 0)
    })
    expect(tally?.failures).toEqual([])
  }
)

test('every frame that mutations start from is valid', () => {
  const messages = validMessages({ name: 'valid', userID: 'm0' })
  const parsed = messages.map(message => parseClientMessage(JSON.stringify(message()))?.type)
  expect(parsed.filter(type => type === undefined || type === 'otherProtocol')).toEqual([])
})

const rate = (frames: number, startedAtMs: number): number =>
  Math.round((frames * 1000) / (Date.now() - startedAtMs))

/** At most one group, log entry and tip per operation, and the rows of a few members. */
const rowsOf = (operations: number) => ({
  groups: operations,
  members: 8 * operations,
  others: operations,
  tips: operations,
  log: operations,
  memberships: 8 * operations,
  feeds: 8 * operations,
  feed: 16 * operations,
  verdicts: operations
})
