/**
 * `pause` and `resume`: the last call in any tab counts for all tabs of the user.
 *
 * Why storage numbers the calls: the clock of a device can be set, and the messages of other tabs
 * reach a frozen or new tab late. So neither says which call is the last one. If storage does not
 * answer, the call is one later than all that this tab knows.
 */

import type { Host, Pause } from './host.ts'
import type { Lifecycle } from './lifecycle.ts'
import { pauseCountWithinMs } from './limits.ts'
import type { Commits } from './state/commits.ts'

type PauseOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly commits: Commits
  readonly paused: boolean
  onChange(): void
}

export function createPauseSetting({
  host: { peers },
  lifecycle: { bound },
  commits,
  paused,
  onChange
}: PauseOptions) {
  let setting: Pause = { isPaused: paused, calls: 0 }
  let ownCall = setting

  function receive(later: Pause): void {
    if (!isLater(later, setting)) return
    setting = later
    onChange()
  }

  return {
    get: (): Pause => setting,
    isPaused: (): boolean => setting.isPaused,
    /** Another tab has called `pause` or `resume`. */
    receive,
    /** The leader decides between equal numbers. A tab that has just opened takes its setting. */
    receiveFromLeader(leaderSetting: Pause): void {
      if (leaderSetting.calls >= setting.calls) setting = leaderSetting
      else peers.post({ type: 'pause', pause: setting })
    },

    /** Works at once in this tab, and in the others as soon as storage has numbered the call. */
    async set(isPaused: boolean): Promise<void> {
      const call = { isPaused, calls: setting.calls + 1 }
      ownCall = call
      receive(call)
      // Expected: storage refuses.
      const counting = commits.countPauseCall(call.calls).catch(() => call.calls)
      const calls = await bound(counting, pauseCountWithinMs, () => call.calls)
      if (ownCall !== call) return
      receive({ isPaused, calls })
      peers.post({ type: 'pause', pause: { isPaused, calls } })
    }
  }
}

/** Two calls share a number if storage fails. Then the user sees `online`, and can pause again. */
const isLater = (one: Pause, other: Pause): boolean =>
  one.calls > other.calls || (one.calls === other.calls && other.isPaused && !one.isPaused)
