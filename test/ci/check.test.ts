/** The last line of CI, for scripts and runs of vitest that pass or fail. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))
const scripts = { good: 'exit 0', bad: 'exit 3', test: 'vitest run' }
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'offline-groups-ci-'))
  symlinkSync(path('node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts }))
  writeFileSync(
    join(folder, 'good.test.js'),
    `import { test } from 'vitest'\ntest('good', () => undefined)`
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The last line and the exit code of these checks. */
function run(...checks: string[]): [line: string | undefined, exitCode: number | null] {
  const { stdout, status } = spawnSync(process.execPath, [path('test/ci/check.js'), ...checks], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, VITEST: '' }
  })
  return [stdout.trim().split('\n').at(-1), status]
}

const endings: [title: string, source: string, passed: number, failed: number][] = [
  ['that passes', `test('one', () => undefined)`, 2, 0],
  ['that fails', `test('one', () => { throw new Error('no') })`, 1, 1],
  ['that cannot be imported', `throw new Error('no')`, 1, 1],
  ['without tests', '', 1, 1],
  ['with a skipped test', `test.skip('one', () => undefined)`, 1, 1],
  ['whose process exits', `test('one', () => process.exit(0))`, 1, 1],
  ['whose process is killed', `test('one', () => process.kill(process.pid, 'SIGKILL'))`, 1, 1],
  ['with an unhandled rejection', `test('one', () => void Promise.reject(new Error('no')))`, 2, 1],
  [
    'that fails after its tests',
    `test('one', () => undefined)\nafterAll(() => { throw new Error('no') })`,
    2,
    1
  ],
  ['that ends vitest itself', `test('one', () => process.kill(process.ppid, 'SIGKILL'))`, 0, 1]
]
test.each(endings)('CI counts a test file %s', (_title, source, passed, failed) => {
  writeFileSync(join(folder, 'bad.test.js'), `import { afterAll, test } from 'vitest'\n${source}`)
  expect(run('test')).toEqual([`${passed} passed, ${failed} failed`, failed && 1])
})

test('CI runs the checks after one that failed', () => {
  expect(run('bad', 'good', 'missing')).toEqual(['1 passed, 2 failed', 1])
})

test('CI counts a check that has already run', () => {
  expect(run('install=1', 'install=0', 'good')).toEqual(['2 passed, 1 failed', 1])
})
