/** How an app gets tokens: at once, late, after refused ones, or only when faults end. */

import type { Conditions } from './swarm.ts'
import type { World } from './world.ts'

/** A token is its time of expiry and its user. */
export const tokenOf = (userID: string, untilMs: number) => `${untilMs}|${userID}`

export function readToken(token: string): { userID: string; untilMs: number } | undefined {
  const end = token.indexOf('|')
  const untilMs = Number(token.slice(0, end))
  return end < 1 || Number.isNaN(untilMs) ? undefined : { userID: token.slice(end + 1), untilMs }
}

export type TokensOptions = {
  readonly name: string
  readonly userID: string
  readonly conditions: Conditions
  /** The lifetime of a token. */
  readonly tokenMs: number
}

export function createTokens(world: World, { name, userID, conditions, tokenMs }: TokensOptions) {
  const random = world.random('tokens', name)
  let isUnreliable = conditions.has('tokens')
  let lifeMs = isUnreliable ? Math.min(tokenMs, random.pick([5000, 60_000, 1e12])) : tokenMs
  /** The number of tokens that the server still refuses. */
  let badLeft = isUnreliable ? random.below(3) : 0

  const good = () => tokenOf(userID, world.now() + lifeMs)
  const bad = () =>
    random.pick([
      '',
      'nonsense',
      tokenOf(userID, world.now() - 1),
      tokenOf('outsider', world.now() + 60_000)
    ])

  function next(): string {
    if (!isUnreliable) return good()
    if (badLeft === 0 && random.chance(0.1)) badLeft = 1 + random.below(2)
    return badLeft > 0 && badLeft-- > 0 ? bad() : good()
  }

  return {
    next,
    /** The delay until the app has a token. `undefined`: only when faults end. */
    delayMs(): number | undefined {
      if (isUnreliable && random.chance(0.02)) return undefined
      return isUnreliable
        ? random.around(random.pick([1, 1000, 20_000]))
        : 500 + random.around(3000)
    },
    heal(): void {
      isUnreliable = false
      lifeMs = Infinity
    }
  }
}
