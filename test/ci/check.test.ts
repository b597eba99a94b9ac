/** The counts in the last line of CI, for runs of vitest that fail. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'offline-groups-ci-'))
  symlinkSync(path('node_modules'), join(folder, 'node_modules'))
  writeFileSync(
    join(folder, 'good.test.js'),
    `import { test } from 'vitest'\ntest('good', () => undefined)`
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The counts of CI when `source` runs as a test file beside a passing one. */
function counted(source: string): string {
  const [bad, report] = [join(folder, 'bad.test.js'), join(folder, 'report.json')]
  writeFileSync(bad, `import { afterAll, test } from 'vitest'\n${source}`)
  writeFileSync(report, '')
  const vitest = [
    path('node_modules/vitest/vitest.mjs'),
    'run',
    '--root',
    folder,
    '--reporter=json'
  ]
  const { status } = spawnSync(process.execPath, [...vitest, `--outputFile=${report}`], {
    env: { ...process.env, VITEST: '' }
  })
  return execFileSync(process.execPath, [path('test/ci/count.js'), report, String(status)], {
    encoding: 'utf8'
  }).trim()
}

const endings: [title: string, source: string, counts: string][] = [
  ['that passes', `test('one', () => undefined)`, '2 0'],
  ['that fails', `test('one', () => { throw new Error('no') })`, '1 1'],
  ['that cannot be imported', `throw new Error('no')`, '1 1'],
  ['without tests', '', '1 1'],
  ['with a skipped test', `test.skip('one', () => undefined)`, '1 1'],
  ['whose process exits', `test('one', () => process.exit(0))`, '1 1'],
  ['whose process is killed', `test('one', () => process.kill(process.pid, 'SIGKILL'))`, '1 1'],
  ['with an unhandled rejection', `test('one', () => void Promise.reject(new Error('no')))`, '2 1'],
  [
    'that fails after its tests',
    `test('one', () => undefined)\nafterAll(() => { throw new Error('no') })`,
    '2 1'
  ],
  ['that ends vitest itself', `test('one', () => process.kill(process.ppid, 'SIGKILL'))`, '0 1']
]
test.each(endings)('CI counts a test file %s', (_title, source, counts) => {
  expect(counted(source)).toBe(counts)
})
