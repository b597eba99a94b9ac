import { describe, expect, test } from 'vitest'
import { damageBrowser, damages, type Trial } from './damage.ts'
import { tearRecord } from './torn.ts'

function expectNothingLost(trial: Trial): void {
  console.log(JSON.stringify(trial))
  expect(trial.acknowledged).toBeGreaterThan(0)
  expect(trial.lost, JSON.stringify(trial)).toBe(0)
}

describe.each(['leveldb', 'sqlite'] as const)('in %s no operation is lost with', backend => {
  test.each(Object.keys(damages[backend]))('%s', async name => {
    expectNothingLost(await damageBrowser(backend, name))
  })
})

// A compiler is all that this needs, and machines with Chromium's tests have one.
test.each([60, 140, 220, 300])('no operation is lost after record %i is torn', async record => {
  const trial = await tearRecord(record)
  expectNothingLost(trial)
  // The log was rotated in time, so not even base rows are gone.
  expect(trial.loss, JSON.stringify(trial)).toBeNull()
})
