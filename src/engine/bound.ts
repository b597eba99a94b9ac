/** Promises that end in time, whatever they wait for. */

import type { Host } from './host.ts'

/** Answers as `work`, or with `late` where it takes longer than `limitMs`. */
export const createBound =
  (setTimer: Host['setTimer']) =>
  <T, L>(work: Promise<T>, limitMs: number, late: () => L): Promise<T | L> =>
    new Promise((resolve, reject) => {
      const stopTimer = setTimer(() => resolve(late()), limitMs)
      work.then(resolve, reject).finally(stopTimer)
    })
