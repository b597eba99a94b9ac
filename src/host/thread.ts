/** Opens an engine on given ports, with the clocks, timers and randomness of this thread. */

import type { Engine } from '../engine/api.ts'
import type { StoreLocation } from '../engine/worker-api.ts'
import { openEngine } from '../engine/engine.ts'
import { alone, type Host } from '../engine/host.ts'
import { newID } from './random-id.ts'
import { setTimer } from './timer.ts'
import { onWake } from './wake.ts'

/** Without `peers`, this engine is the only one on its storage. */
type Ports = Pick<Host, 'storage' | 'connect'> &
  Partial<Pick<Host, 'peers' | 'storageState' | 'onReturned'>>

export const openThreadEngine = (
  { peers = alone, ...ports }: Ports,
  { userID, token, paused, keepUndelivered }: StoreLocation
): Engine =>
  openEngine(
    {
      ...ports,
      peers,
      now: () => Date.now(),
      elapsedMs: () => performance.now(),
      setTimer,
      onWake,
      random: Math.random,
      newID
    },
    { userID, token, paused, keepUndelivered }
  )
