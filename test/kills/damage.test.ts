import { describe, expect, test } from 'vitest'
import { damageBrowser, damages, flipLogWithoutJournal, type Trial } from './damage.ts'
import { tearRecord } from './torn.ts'

function expectNothingLost(trial: Trial): void {
  console.log(JSON.stringify(trial))
  expect(trial.acknowledged).toBeGreaterThan(0)
  expect(trial.lost, JSON.stringify(trial)).toBe(0)
}

/** `npm run test:long` makes all trials. `npm test` makes one for each way to recover. */
const isLong = process.env.LONG_TESTS !== undefined
const usual = [
  'one byte of the log flipped',
  'folder removed',
  'head zeroed',
  'older copy put back'
]
const records = isLong ? [60, 140, 220, 300] : [140]

describe.concurrent.each(['leveldb', 'sqlite'] as const)(
  'in %s no operation is lost with',
  backend => {
    const names = Object.keys(damages[backend])
    test.each(isLong ? names : names.filter(name => usual.includes(name)))('%s', async name => {
      expectNothingLost(await damageBrowser(backend, name))
    })
  }
)

// A compiler is all that this needs, and machines with Chromium's tests have one.
test.concurrent.each(records)('no operation is lost after record %i is torn', async record => {
  const trial = await tearRecord(record)
  expectNothingLost(trial)
  // The log was rotated in time, so not even base rows are gone.
  expect(trial.loss, JSON.stringify(trial)).toBeNull()
})

test('an app learns that Chromium has dropped a database without a journal', async () => {
  const trial = await damageBrowser('leveldb', 'data loss', flipLogWithoutJournal)
  expect(trial.loss, JSON.stringify(trial)).toEqual({ kind: 'wiped', restored: 0 })
  // Otherwise the journal could have told it.
  expect(trial.pending).toBe(0)
})
