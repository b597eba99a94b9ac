/** I15: an idle device connects no more often than back-off allows, however soon lines end. */

import type { World } from './world.ts'

const windowMs = 60_000
/** With delays of up to 0.5 s, 1 s, 2 s and so on, even lucky draws stay far below. */
const attemptsMax = 25

export function createAttempts(world: World, name: string) {
  let times: number[] = []
  return {
    /** The user, the app or the device gives a reason to connect at once. */
    touched: () => void (times = []),
    tried(): void {
      times = [...times.filter(time => time > world.now() - windowMs), world.now()]
      if (times.length > attemptsMax)
        world.violate('I15', `${name} connects ${times.length} times in ${windowMs / 1000} s`)
    }
  }
}
