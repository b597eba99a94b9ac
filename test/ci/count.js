/** Prints how many tests passed and how many failed, from the report of vitest and its exit code. */

import { readFileSync } from 'node:fs'

const [reportPath, exitCode] = process.argv.slice(2)
const { numPassedTests, numTotalTests, success } = read(reportPath)
// A file that crashed, an error outside of tests, or a run that died has no failed test to count.
const failedMin = success && exitCode === '0' ? 0 : 1
console.log(numPassedTests, Math.max(numTotalTests - numPassedTests, failedMin))

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    // Expected: vitest died before it wrote its report.
    return { numPassedTests: 0, numTotalTests: 0, success: false }
  }
}
