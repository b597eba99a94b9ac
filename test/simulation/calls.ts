/** I12: every call settles within a bound on any network, except `settled`. */

import type { World } from './world.ts'

export const settlesWithinMs = 60_000

export async function settlesWithin<T>(
  world: World,
  call: Promise<T>,
  { what, isExpected }: { readonly what: string; isExpected(): boolean }
): Promise<T> {
  const stop = world.at(world.now() + settlesWithinMs, () => {
    if (isExpected())
      world.violate('I12', `${what} does not settle within ${settlesWithinMs / 1000} s`)
  })
  try {
    return await call
  } finally {
    stop()
  }
}
