/** Runs tasks one after another, because the frames of a task continue those of the last one. */

export function createTasks(isOpen: () => boolean, onError: (error: unknown) => void) {
  let work: Promise<void> = Promise.resolve()
  return {
    /** Releases a budget after the tasks before, even if the session has ended. */
    releaseAfterAll(release: () => void): void {
      work = work.then(() => release())
    },
    add(task: () => Promise<void>): void {
      work = work.then(async () => {
        if (!isOpen()) return
        try {
          await task()
        } catch (error) {
          // Expected: the database is away and the client returns, or the session has ended.
          if (isOpen()) onError(error)
        }
      })
    }
  }
}
