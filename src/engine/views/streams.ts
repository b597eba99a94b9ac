/**
 * Streams keep the results of queries current in the UI thread. A change touches rows, and each
 * port sends one frame per change with a patch for every stream with another result.
 */

import type { StreamFrame, Streams } from '../stream-api.ts'
import type { Host } from '../host.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { State } from '../state/state.ts'
import type { Touched } from '../state/touched.ts'
import { openPort, type Port } from './stream-port.ts'
import type { Views } from './views.ts'

export type StreamsOptions = {
  readonly views: Views
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly setTimer: Host['setTimer']
  /** Called when the members of a group are shown. */
  want(groupID: string): void
}

export function createStreams(options: StreamsOptions) {
  const ports = new Set<Port>()

  return {
    /** Publishes a change in memory. Frames follow at the end of the microtask. */
    publish(touched: Touched): void {
      options.views.refresh(touched)
      for (const port of ports) port.publish(touched)
    },
    open(post: (frame: StreamFrame) => void, paintMs = 0): Streams {
      const port = openPort(options, { post, paintMs })
      ports.add(port)
      return {
        request: port.request,
        close() {
          ports.delete(port)
          port.close()
        }
      }
    }
  }
}
