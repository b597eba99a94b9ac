/** The examples beside the public functions and in the README run as they stand. */

import { describe, expect, inject, test } from 'vitest'
import { createGroupStore, isGroupError } from 'offline-groups'
import { connectWebSocket, createMemoryStorage, protocolVersion } from 'offline-groups/ports'
import TIM from 'offline-groups/tim'
import readme from '../../README.md?raw'
import { examplesOf, readmeExamples, runCode, type Example } from '../examples.ts'
import { fresh, openStore, taken, tokenFor } from './connect.ts'
import { login } from './session.ts'

// Tests in Node run those of the server and of the test kit.
const sources = import.meta.glob<string>(
  ['../../src/**/*.ts', '!../../src/testing/**', '!../../src/server/**'],
  { query: '?raw', import: 'default', eager: true }
)

const beside: Example[] = Object.entries(sources).flatMap(([file, source]) =>
  examplesOf(file.replace('../../src/', ''), source)
)

// Examples run with these imports around them.
const inReadme = readmeExamples(readme).map(({ title, code }) => ({
  title,
  code: code.replaceAll(/^import .*\n/gm, '')
}))

/** Runs code with the variables that an example assumes. Resolves with the values it logged. */
async function run(code: string): Promise<unknown[][]> {
  const ann = fresh('ann')
  const token = await tokenFor(ann)
  const groupID = fresh('crew')
  const store = await openStore(ann)
  const created = taken(
    await store.apply('createGroup', {
      groupID,
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: 'bob' }]
    })
  )
  await store.settled(created.opID)
  const { tim } = await login(ann)
  const lines: unknown[][] = []
  const log = (...values: unknown[]) => void lines.push(values)
  const around = {
    createGroupStore,
    isGroupError,
    createMemoryStorage,
    connectWebSocket,
    protocolVersion,
    TIM,
    tim,
    // It has the calls that a delegate must have, and is no instance of this package.
    tencent: { ...tim },
    store,
    url: inject('url'),
    token,
    userSig: token,
    opID: created.opID,
    console: { log, warn: log, error: log }
  }
  // The user and the group of an example are those of this run.
  await runCode(code.replaceAll("'crew'", `'${groupID}'`).replaceAll("'ann'", `'${ann}'`), around)
  return lines
}

describe('examples beside the code', () => {
  test('more than 15 examples stand beside the code', () =>
    expect(beside.length).toBeGreaterThan(15))
  test.each(beside)('$title', async ({ code }) => {
    expect(code.trim()).not.toBe('')
    await run(code)
  })
})

describe('examples of the README', () => {
  test('the README has examples', () => expect(inReadme.length).toBeGreaterThan(1))
  test.each(inReadme)('$title', async ({ code }) => {
    await run(code)
  })
})

test('the first example of the README logs its group and applied', async () => {
  const lines = await run(inReadme[0]?.code ?? '')
  expect(lines.at(-1)).toEqual(['applied'])
  expect(lines.some(([names]) => Array.isArray(names) && names.includes('Crew'))).toBe(true)
})
