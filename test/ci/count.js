/** Prints the numbers of passed and failed tests, from vitest's report and exit code. */

import { readFileSync } from 'node:fs'

const [reportPath, exitCode] = process.argv.slice(2)
const { numPassedTests, numTotalTests, success } = read(reportPath)
// A crashed file, an error outside of tests, or a dead run counts as one failure.
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
