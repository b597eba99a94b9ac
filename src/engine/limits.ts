/** Limits of an engine. `sync/schedule.ts` has those of the connection. */

/**
 * A device that never reaches a server must not grow without end. A full outbox refuses work, so
 * there is room for ten days of an admin script that makes 1,000 operations a day.
 */
export const outboxOperationsMax = 10_000
export const outboxBytesMax = 4_194_304

/** If storage does not answer in this time, the call ends with an error. */
export const storageWithinMs = 15_000
/**
 * A store that closes waits so long for commits under way, because a caller may wait for the verdict
 * of an operation that is not stored. Then the store releases its lock without them.
 */
export const unfinishedWithinMs = 60_000
/** A read of storage without an answer fails. The first read of a slow phone takes seconds. */
export const readWithinMs = 60_000
/** A leader steps down if storage does not answer for so long. */
export const silentStorageMs = 6000
/** Storage that fails is tried again after so long, twice as long after each further failure. */
export const storageRetryMinMs = 500
export const storageRetryMaxMs = 30_000
/** A call of `pause` or `resume` does not wait longer for its number. */
export const pauseCountWithinMs = 1000
/** A flush ends if no verdict arrives for so long. */
export const flushStuckAfterMs = 15_000

/** Operations that are sent without waiting for a verdict. `hello` names as many. */
export const unansweredMax = 500

/**
 * Members of smaller groups are fetched in the background, those of larger groups when a stream
 * opens.
 */
export const replicatedMembersMax = 2000

/** Undelivered tips and notices. The tab that has to deliver them may never return. */
export const undeliveredMax = 10_000
