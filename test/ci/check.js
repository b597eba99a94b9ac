/**
 * Runs scripts of package.json, all of them even if one fails, and counts: `test` counts each test,
 * any other script is one check. `name=exitCode` is a check that has already run. The last line of
 * the output says how many passed and failed.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let [passed, failed] = [0, 0]
for (const check of process.argv.slice(2)) {
  const [name, exitCode] = check.split('=')
  console.log(`── ${name}`)
  const result = name === 'test' ? runTests() : one(exitCode ? Number(exitCode) : run(name))
  passed += result.passed
  failed += result.failed
  if (result.failed > 0) console.log(`FAILED: ${name}`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function one(exitCode) {
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

/** The exit code, or `null` for a script that was killed. */
function run(name, ...options) {
  return spawnSync('npm', ['run', name, '--', ...options], { stdio: 'inherit' }).status
}

function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'offline-groups-check-'))
  const path = join(folder, 'report.json')
  const exitCode = run('test', '--reporter=default', '--reporter=json', `--outputFile.json=${path}`)
  const { numPassedTests, numTotalTests, success } = readReport(path)
  rmSync(folder, { recursive: true })
  // A file that crashed, an error outside of tests, or a run that died has no failed test to count.
  const failedMin = success && exitCode === 0 ? 0 : 1
  return { passed: numPassedTests, failed: Math.max(numTotalTests - numPassedTests, failedMin) }
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    // Expected: vitest died before it wrote its report.
    return { numPassedTests: 0, numTotalTests: 0, success: false }
  }
}
