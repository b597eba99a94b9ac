/**
 * Tabs of one user on one storage, on virtual time. They can freeze, thaw and die, with a lock or
 * without one.
 */

import type { PeerMessage, Peers } from '../../src/engine/host.ts'
import type { Link } from '../../src/protocol/port.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/port.ts'
import type { TestClock } from '../../src/testing/clock.ts'
import type { TestNetwork } from '../../src/testing/network.ts'
import { createTestClient, type TestClient, type TestServer } from '../harness.ts'

export type Tab = TestClient & {
  /** Messages that this tab has posted to the others. */
  readonly posted: readonly PeerMessage[]
  /** Nothing reaches the tab until it thaws: no timer, message, frame or answer of storage. */
  freeze(): void
  thaw(): void
  kill(): void
  /** The browser ends the worker, and the page says so. */
  closePage(): void
}

type TabOptions = Pick<NonNullable<Parameters<typeof createTestClient>[2]>, 'paused' | 'token'> & {
  keepUndelivered?: boolean
  /** The storage of this tab alone. Default: the storage that all tabs share. */
  storage?: Storage
}
type TabsOptions = { readonly hasLocks?: boolean; readonly clock?: Pick<TestClock, 'now'> }
type Holder = { readonly gate: Gate; isHeld: boolean; onGranted(): void; onLost(): void }

export function createTabs(
  server: TestServer,
  userID: string,
  { hasLocks = true, clock = server.clock }: TabsOptions = {}
) {
  const shared = createMemoryStorage()
  const listeners = new Map<Gate, (message: PeerMessage) => void>()
  const queue: Holder[] = []

  function grant(): void {
    const [first] = queue
    if (!first || first.isHeld) return
    first.isHeld = true
    first.gate.pass(first.onGranted)
  }

  function leave(gate: Gate): void {
    const index = queue.findIndex(each => each.gate === gate)
    if (index >= 0) queue.splice(index, 1)
    grant()
  }

  function peersOf(gate: Gate, posted: PeerMessage[]): Peers {
    let callbacks = { onGranted: () => {}, onLost: () => {} }
    return {
      hasLocks,
      lead(onGranted, onLost) {
        callbacks = { onGranted, onLost }
        queue.push({ gate, isHeld: false, ...callbacks })
        grant()
      },
      steal() {
        leave(gate)
        const robbed = queue[0]?.isHeld ? queue.shift() : undefined
        robbed?.gate.pass(robbed.onLost)
        queue.unshift({ gate, isHeld: false, ...callbacks })
        grant()
      },
      stepDown: () => leave(gate),
      post(message) {
        posted.push(message)
        for (const [other, listener] of listeners)
          if (other !== gate) queueMicrotask(() => other.pass(() => listener(message)))
      },
      listen: listener => void listeners.set(gate, listener),
      close() {
        listeners.delete(gate)
        leave(gate)
      }
    }
  }

  return function open({ storage = shared, ...options }: TabOptions = {}): Tab {
    const gate = createGate()
    const posted: PeerMessage[] = []
    const client = createTestClient(gatedServer(server, gate), userID, {
      ...options,
      clock,
      storage: gatedStorage(storage, gate),
      peers: peersOf(gate, posted)
    })
    function kill(): void {
      gate.end()
      client.network.cut()
      listeners.delete(gate)
      leave(gate)
    }
    return {
      ...client,
      posted,
      freeze: gate.close,
      thaw: gate.open,
      kill,
      closePage() {
        kill()
        for (const [other, listener] of listeners)
          other.pass(() => listener({ type: 'pageClosed' }))
      }
    }
  }
}

type Gate = { pass(run: () => void): void; close(): void; open(): void; end(): void }

/** Events behind a closed gate happen when it opens, in the same order. */
function createGate(): Gate {
  let held: (() => void)[] | undefined
  let isOver = false
  return {
    pass(run) {
      if (held) held.push(run)
      else run()
    },
    close: () => void (held ??= []),
    open() {
      const late = isOver ? [] : (held ?? [])
      held = isOver ? [] : undefined
      for (const run of late) run()
    },
    end() {
      isOver = true
      held = []
    }
  }
}

function gatedServer(server: TestServer, gate: Gate): TestServer {
  const { clock } = server
  return {
    ...server,
    clock: {
      ...clock,
      setTimer: (callback, delayMs) => clock.setTimer(() => gate.pass(callback), delayMs)
    },
    network(latencyMs): TestNetwork {
      const network = server.network(latencyMs)
      return {
        ...network,
        connect: (events): Link =>
          network.connect({
            onOpen: () => gate.pass(events.onOpen),
            onFrame: frame => gate.pass(() => events.onFrame(frame)),
            onClose: error => gate.pass(() => events.onClose(error))
          })
      }
    }
  }
}

const gatedStorage = (storage: Storage, gate: Gate): Storage => {
  const gated = <T>(work: Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      void work.then(
        value => gate.pass(() => resolve(value)),
        (error: unknown) => gate.pass(() => reject(error))
      )
    })
  return {
    ...storage,
    read: queries => gated(storage.read(queries)),
    transact: (queries, body, durability) => gated(storage.transact(queries, body, durability))
  }
}
