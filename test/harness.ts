/** A server and engines in one process, on virtual time. */

import { createAccounts } from '../src/server/sessions/accounts.ts'
import { submission, type Outcome } from '../src/server/authority/submission.ts'
import type { Announcement } from '../src/server/authority/announcement.ts'
import { createBus } from '../src/server/sessions/bus.ts'
import { createLanes } from '../src/server/authority/lanes.ts'
import { createMemoryDatabase } from '../src/server/database/memory.ts'
import type { Database } from '../src/server/database/port.ts'
import { policyFrom, type PolicyOptions } from '../src/server/policy.ts'
import type { SessionContext } from '../src/server/sessions/session-port.ts'
import { openSession } from '../src/server/sessions/session.ts'
import type { Args, OperationName } from '../src/kernel/decide.ts'
import { groupError } from '../src/kernel/errors.ts'
import type { Verdict } from '../src/kernel/verdict.ts'
import {
  isGroupError,
  type Applied,
  type UndeliveredEvent,
  type Engine,
  type Group,
  type Member,
  type Notice,
  type Status,
  type Tip
} from '../src/engine/api.ts'
import {
  editRow,
  type Patch,
  type StreamQuery,
  type StreamRow,
  type StreamValue
} from '../src/engine/stream-api.ts'
import { openEngine } from '../src/engine/engine.ts'
import { alone, type Host, type PeerMessage, type Peers } from '../src/engine/host.ts'
import type { PushedOperation } from '../src/protocol/messages.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import type { Storage } from '../src/storage/port.ts'
import { createTestClock, type TestClock } from '../src/testing/clock.ts'
import { createTestNetwork, type TestNetwork } from '../src/testing/network.ts'

export type TestServer = {
  /** Judges an operation unchanged. */
  submit(userID: string, operation: PushedOperation): Promise<Outcome>
  /** Judges an operation with authority, as if a client had sent it unchecked. */
  judge(
    userID: string,
    operation: { name: string; args: object; groupID: string }
  ): Promise<Verdict>
  /** Sends an announcement to the sessions. */
  publish(announcement: Announcement): void
  readonly clock: TestClock
  readonly database: Database
  readonly errors: unknown[]
  network(latencyMs?: number): TestNetwork
  /** For sessions over a connection that a test makes. */
  readonly context: SessionContext
}

export function createTestServer({
  clock = createTestClock(),
  database = createMemoryDatabase('epoch-1'),
  appAdmins = ['app'],
  policy = {},
  tokenLastsMs = Infinity
}: {
  clock?: TestClock
  database?: Database
  appAdmins?: string[]
  policy?: PolicyOptions
  tokenLastsMs?: number
} = {}): TestServer {
  const errors: unknown[] = []
  const bus = createBus()
  const onError = (error: unknown) => void errors.push(error)
  const effective = policyFrom(policy)
  const lanes = createLanes(database, {
    now: clock.now,
    policy: effective,
    announce: bus.publish,
    onError
  })
  const context: SessionContext = {
    database,
    lanes,
    bus,
    accounts: createAccounts(),
    policy: effective,
    now: clock.now,
    setTimer: clock.setTimer,
    onError,
    // A token is the name of its user.
    authenticate: token =>
      token === 'nobody'
        ? { ok: false, error: groupError('TokenMismatch') }
        : {
            ok: true,
            userID: token,
            isAppAdmin: appAdmins.includes(token),
            expiresAt: clock.now() + tokenLastsMs
          }
  }
  const submit: TestServer['submit'] = (userID, operation) =>
    new Promise(settle =>
      lanes.submit({
        ...submission({ userID, isAppAdmin: appAdmins.includes(userID), operation }),
        settle
      })
    )
  const judge: TestServer['judge'] = async (userID, { name, args, groupID }) => {
    const outcome = await submit(userID, {
      name,
      args: { ...args },
      groupID,
      opID: `judged-${count++}`,
      seen: 0,
      waitedSeconds: 0
    })
    if (outcome.kind === 'retry') throw new Error('not judged')
    return outcome.verdict
  }
  return {
    submit,
    judge,
    publish: bus.publish,
    clock,
    database,
    errors,
    context,
    network: latencyMs =>
      createTestNetwork(clock, connection => openSession(context, connection), latencyMs)
  }
}

let count = 0

/** A database on which one kind of call never returns. */
export const createStuckDatabase = (call: 'transaction' | 'snapshot'): Database => ({
  ...createMemoryDatabase('e'),
  [call]: () => new Promise(() => undefined)
})

/** The arguments of `createGroup` for a group of its creator and of Bob. */
export const crewWithBob = {
  groupID: 'crew',
  name: 'Crew',
  type: 'Public',
  memberList: [{ userID: 'bob' }]
} as const

export type TestClient = ReturnType<typeof createTestClient>

export function createTestClient(
  server: TestServer,
  userID: string,
  {
    storage = createMemoryStorage(),
    peers = alone,
    paused = false,
    keepUndelivered = false,
    token = userID,
    clock = server.clock,
    ...ports
  }: {
    storage?: Storage
    peers?: Peers
    paused?: boolean
    keepUndelivered?: boolean
    token?: string
    clock?: Pick<TestClock, 'now'>
  } & Partial<Pick<Host, 'storageState' | 'onReturned'>> = {}
) {
  const network = server.network()
  let onWake = () => {}
  const host: Host = {
    ...ports,
    storage,
    peers,
    connect: network.connect,
    now: clock.now,
    elapsedMs: server.clock.now,
    setTimer: server.clock.setTimer,
    onWake(callback) {
      onWake = callback
      return () => (onWake = () => {})
    },
    random: () => 0.5,
    newID: () => `${String(count++).padStart(6, '0')}-of-${userID}`.padEnd(22, '_').slice(0, 22)
  }
  const engine: Engine = openEngine(host, { userID, token, paused, keepUndelivered })
  const watched = new Map<string, Watched>()
  const streams = engine.openStreams(frame => {
    for (const [stream, patch] of frame.patches) byStream.get(stream)?.take(patch)
    void Promise.resolve().then(() => streams.request({ type: 'received', version: frame.version }))
  })
  const byStream = new Map<number, Watched>()

  function watch(query: StreamQuery): Watched {
    const name = JSON.stringify(query)
    const known = watched.get(name)
    if (known) return known
    const fresh = createWatched()
    watched.set(name, fresh)
    byStream.set(byStream.size, fresh)
    streams.request({ type: 'open', stream: byStream.size - 1, query })
    return fresh
  }
  const rows = async <R>(query: StreamQuery): Promise<readonly R[]> => {
    const list = watch(query)
    await server.clock.settle()
    // The caller knows the type of the query's rows.
    return list.rows() as unknown as readonly R[]
  }

  return {
    userID,
    engine,
    storage,
    network,
    /** The device wakes, or its network is back. */
    wake: () => onWake(),
    watch,
    groups: () => rows<Group>({ kind: 'groups' }),
    group: async (groupID: string) => (await rows<Group>({ kind: 'group', groupID }))[0],
    members: (groupID: string, { offset = 0, limit = 100 } = {}) =>
      rows<Member>({ kind: 'members', groupID, offset, limit }),
    tips: (groupID: string) => rows<Tip>({ kind: 'tips', groupID }),
    notices: () => rows<Notice>({ kind: 'notices' }),
    undelivered: () => rows<UndeliveredEvent>({ kind: 'undelivered' }),
    outbox: () => rows<{ opID: string; name: string }>({ kind: 'outbox' }),
    verdicts: () => rows<{ opID: string; verdict: Verdict }>({ kind: 'verdicts' }),
    status: async () => (await rows<Status>({ kind: 'status' }))[0],
    /** Applies, and expects acceptance. */
    async apply<N extends OperationName>(name: N, args: Args<N>): Promise<Applied<N>> {
      const answer = await engine.apply(name, args)
      if (isGroupError(answer)) throw new Error(`${name}: ${JSON.stringify(answer)}`)
      return answer
    },
    /** Applies and expects a verdict. */
    async settle<N extends OperationName>(name: N, args: Args<N>): Promise<Verdict> {
      const { opID } = await this.apply(name, args)
      let verdict: Verdict | undefined
      void engine
        .settled(opID)
        .then(answer => (verdict = 'verdict' in answer ? answer.verdict : undefined))
      await server.clock.until(() => verdict !== undefined)
      return verdict as unknown as Verdict
    },
    /** Waits until everything is sent and received. */
    caughtUp: () =>
      server.clock.until(async () => {
        const [status] = await rows<Status>({ kind: 'status' })
        return Boolean(status?.caughtUp) && status?.pending === 0
      })
  }
}

export type Watched = ReturnType<typeof createWatched>

/** The receiving end of a stream, which records all patches. */
function createWatched() {
  const list: StreamRow[] = []
  let value: StreamValue = null
  let last: Patch | undefined
  const patches: Patch[] = []
  const emissions: (readonly (StreamValue | undefined)[])[] = []
  const rows = () => (last?.kind === 'value' ? (value === null ? [] : [value]) : [...list])
  return {
    patches,
    /** The results, in order. */
    emissions,
    last: () => last as Extract<Patch, { kind: 'list' }> | undefined,
    rows,
    take(patch: Patch) {
      // A patch is cloned on its way between threads.
      const copy = structuredClone(patch)
      patches.push(copy)
      last = copy
      if (copy.kind === 'value') value = copy.value
      else if (copy.kind === 'list') for (const edit of copy.edits) editRow(list, edit)
      emissions.push(rows())
    }
  }
}

/** A message that this build does not know makes a tab read storage again. */
export const fromOtherBuild = { type: 'from another build' } as unknown as PeerMessage

/** Tabs of one user, which lead when the test says so. */
export function createPeers() {
  const listeners = new Map<number, (message: PeerMessage) => void>()
  return [0, 1, 2].map(tab => {
    let onLeading = () => {}
    let isLeading = false
    const peers: Peers = {
      hasLocks: true,
      lead(callback) {
        onLeading = callback
        if (isLeading) onLeading()
      },
      steal: () => undefined,
      stepDown: () => void (isLeading = false),
      post: message => {
        for (const [other, listener] of listeners)
          if (other !== tab) queueMicrotask(() => listener(message))
      },
      listen: listener => listeners.set(tab, listener),
      close: () => listeners.delete(tab)
    }
    const lead = () => {
      isLeading = true
      onLeading()
    }
    return { peers, lead }
  }) as unknown as readonly [Tab, Tab, Tab]
}
type Tab = { readonly peers: Peers; lead(): void }

/** A leader that is caught up, and a follower on the same storage. */
export async function createLeaderAndFollower(
  server: TestServer,
  userID: string,
  options: { token?: string } = {}
) {
  const [first, second] = createPeers()
  const leader = createTestClient(server, userID, { peers: first.peers })
  await server.clock.settle()
  first.lead()
  const { storage } = leader
  const follower = createTestClient(server, userID, { peers: second.peers, storage, ...options })
  await leader.caughtUp()
  return { first, second, leader, follower }
}
