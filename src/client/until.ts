/**
 * Returns a function that resolves as `work` does, or as `end` if that is earlier. Unlike
 * `Promise.race`, it keeps no reference to answers: a race adds a reaction to `end` each time, and
 * `end` may stay pending for the life of a store.
 */
export function until<E>(end: Promise<E>): <T>(work: Promise<T>) => Promise<T | E> {
  const waiting = new Set<(ending: Promise<E>) => void>()
  let isOver = false
  void end.then(() => {
    isOver = true
    for (const resolve of waiting) resolve(end)
  })
  return work => {
    if (isOver) {
      // The caller has its answer, so a later rejection would be unhandled.
      work.catch(() => undefined)
      return end
    }
    return new Promise((resolve, reject) => {
      waiting.add(resolve)
      void work.then(resolve, reject).finally(() => waiting.delete(resolve))
    })
  }
}
