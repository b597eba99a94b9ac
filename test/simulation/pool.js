/** Threads that run seeds, as many as there are cores. */

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

const seedsPerJob = 20

/**
 * @typedef {import('./worker.ts').Job} Job
 * @typedef {import('./worker.ts').Report} Report
 * @param {string} file
 * @typedef {{ seeds: readonly number[], threads?: number, perJob?: number }} Work
 * @param {Work & { onReport?: (report: Report) => void } & Omit<Job, 'seeds'>} options
 * @returns {Promise<Report[]>} until the first failure
 */
export async function runSeeds(
  file,
  { seeds, threads = availableParallelism(), onReport, perJob = seedsPerJob, ...job }
) {
  /** @type {Report[]} */
  const reports = []
  let next = 0
  let hasFailed = false
  const thread = async () => {
    const worker = new Worker(file)
    try {
      while (next < seeds.length && !hasFailed) {
        const part = seeds.slice(next, next + perJob)
        next += perJob
        const report = await /** @type {Promise<Report>} */ (
          new Promise((resolve, reject) => {
            worker.once('message', resolve)
            worker.once('error', reject)
            worker.postMessage({ ...job, seeds: part })
          })
        )
        worker.removeAllListeners('message')
        worker.removeAllListeners('error')
        reports.push(report)
        onReport?.(report)
        if (report.failed) hasFailed = true
      }
    } finally {
      worker.postMessage('stop')
    }
  }
  await Promise.all(
    Array.from({ length: Math.min(threads, Math.ceil(seeds.length / perJob)) }, thread)
  )
  return reports
}
