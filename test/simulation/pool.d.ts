import type { Job, Report } from './worker.ts'

export type RunSeedsOptions = Omit<Job, 'seeds'> & {
  seeds: readonly number[]
  threads?: number
  perJob?: number
  onReport?: (report: Report) => void
}
export function runSeeds(file: string, options: RunSeedsOptions): Promise<Report[]>
