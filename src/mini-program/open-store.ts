/** Opens a store whose engine runs in the thread of the app, on the services of a platform. */

import type { GroupStore, Undelivered } from '../client/group-store.ts'
import { wrongOption } from '../client/options.ts'
import { refusedStore } from '../client/refused-store.ts'
import { connectHere } from '../client/remote.ts'
import type { Token } from '../client/renew.ts'
import { createStore } from '../client/store.ts'
import { createStreamClient } from '../client/streams.ts'
import type { Engine } from '../engine/api.ts'
import { openEngine } from '../engine/engine.ts'
import { alone } from '../engine/host.ts'
import { newID } from '../host/random-id.ts'
import { setTimer } from '../host/timer.ts'
import { groupError } from '../kernel/errors.ts'
import { openKeyValueStorage } from '../storage/key-value/storage.ts'
import { createClock } from './clock.ts'
import type { Platform } from './platform.ts'
import { seedRandomIDs } from './randomness.ts'

export type GroupStoreOptions = {
  /**
   * The address of the sync server: `wss://example.org/sync`. It has to be in the mini-program's
   * list of allowed domains for sockets, and in the one for requests: where the network blocks
   * sockets, the store uses requests.
   */
  readonly url: string
  /** 1 to 32 characters of ASCII. Each user of each server has a database of their own. */
  readonly userID: string
  /** The user's userSig, or a function that gets one. The store calls it when it needs another. */
  readonly token: Token
  /** `weChat(wx)`, `alipay(my)`, `douyin(tt)`, or a host of your own. */
  readonly platform: Platform
  /** Starts without the network. `resume` connects. Default: `false`. */
  readonly paused?: boolean
}

type Kept = { readonly keepUndelivered: boolean }

export function openGroupStore(
  options: GroupStoreOptions,
  { keepUndelivered }: Kept
): GroupStore & Undelivered {
  const { platform, ...others } = options
  const wrong =
    wrongOption(others) ??
    (isPlatform(platform)
      ? undefined
      : groupError('IllegalArgument', 'platform: must be weChat(wx), alipay(my) or the like'))
  if (wrong) return refusedStore(wrong)
  const { userID, token } = options
  seedRandomIDs(platform)
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(openPlatformEngine(options, keepUndelivered), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  return createStore(userID, remote, streams, typeof token === 'function' ? token : undefined)
}

/** JavaScript can pass any value, despite the types. */
const isPlatform = (value: unknown): value is Platform =>
  typeof (Object(value) as Partial<Platform>).connectTo === 'function' &&
  typeof (Object(value) as Partial<Platform>).storage === 'object'

async function openPlatformEngine(
  { url, userID, token, platform, paused = false }: GroupStoreOptions,
  keepUndelivered: boolean
): Promise<Engine> {
  const storage = await openKeyValueStorage(platform.storage, databaseName(url, userID))
  const now = () => Date.now()
  const clock = createClock(now)
  return openEngine(
    {
      storage,
      connect: platform.connectTo(url),
      peers: alone,
      now,
      elapsedMs: clock.elapsedMs,
      setTimer,
      onWake(callback) {
        // Expected: the store is closed. The next opening reads the journal.
        const checkpoint = () => void storage.checkpoint().catch(() => undefined)
        const wake = () => {
          callback()
          // Storage may have been emptied meanwhile. A checkpoint notices it.
          checkpoint()
        }
        const ends = [
          clock.onWake(wake),
          platform.onWake?.(wake),
          platform.onHide?.(checkpoint),
          platform.onMemoryWarning?.(storage.dropCache)
        ]
        return () => ends.forEach(end => end?.())
      },
      random: () => Math.random(),
      newID
    },
    { userID, token: typeof token === 'function' ? '' : token, paused, keepUndelivered }
  )
}

/** The scheme does not count. The host counts without letter case, as in a browser. */
function databaseName(url: string, userID: string): string {
  const [, host = '', path = ''] = /^\w+:\/\/([^/?#]*)([^#]*)/.exec(url) ?? []
  return `offline-groups ${host.toLowerCase()}${path.replace(/\/+$/, '')} ${userID}`
}
