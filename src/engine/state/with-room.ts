import { storageFailed } from '../../kernel/errors.ts'

/** Retries a transaction once if storage is full, after making room. */
export async function withRoom<T>(
  makeRoom: () => Promise<void>,
  work: () => Promise<T>,
  retry = work
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (storageFailed(error).reason !== 'StorageFull') throw error
    // Expected: the quota is exhausted, perhaps for the eviction too.
    await makeRoom().catch(() => undefined)
    return retry()
  }
}
