/** The option `pending` of `logout`: keep, flush or discard the pending operations. */

export const pendingChoices = ['keep', 'flush', 'discard'] as const
type PendingChoice = (typeof pendingChoices)[number]

/** `undefined`: no choice. `null`: an invalid choice. A typo must not remove any data. */
export function pendingChoice(options: unknown): PendingChoice | undefined | null {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null) return null
  try {
    const pending: unknown = 'pending' in options ? options.pending : undefined
    return pending === undefined
      ? undefined
      : (pendingChoices.find(choice => choice === pending) ?? null)
  } catch {
    // Expected: a getter that throws.
    return null
  }
}
