/**
 * Answers as `Promise.race` of `end` and the work would. A race leaves its answer with each promise that has not ended;
 * here what is answered is forgotten.
 */
export function until<E>(end: Promise<E>): <T>(work: Promise<T>) => Promise<T | E> {
  const waiting = new Set<(ending: Promise<E>) => void>()
  let isOver = false
  void end.then(() => {
    isOver = true
    for (const tell of waiting) tell(end)
  })
  return work => {
    if (isOver) return end
    return new Promise((resolve, reject) => {
      waiting.add(resolve)
      void work.then(resolve, reject).finally(() => waiting.delete(resolve))
    })
  }
}
