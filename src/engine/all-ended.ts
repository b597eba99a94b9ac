/** Resolves after all work has ended. Older engines of mini-programs lack `Promise.allSettled`. */
export const allEnded = (work: Iterable<Promise<unknown> | undefined>): Promise<unknown> =>
  Promise.all([...work].map(async each => each?.then(nothing, nothing)))

const nothing = () => undefined
