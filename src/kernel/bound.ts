/** Promises that end in time. */

/** Resolves as `work`, or with `late()` if `work` lasts longer than `limitMs`. */
export const createBound =
  (setTimer: (callback: () => void, delayMs: number) => () => void) =>
  <T, L>(work: Promise<T>, limitMs: number, late: () => L): Promise<T | L> =>
    new Promise((resolve, reject) => {
      const stopTimer = setTimer(() => resolve(late()), limitMs)
      void work.then(resolve, reject).finally(stopTimer)
    })

/** For `late`: the work fails. */
export const failUnanswered = (): Promise<never> => Promise.reject(new Error('no answer'))
