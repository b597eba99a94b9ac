/** The real server in a process that can die, on a database whose calls take time. */

import { createAccounts } from '../../src/server/sessions/accounts.ts'
import type { Announcement } from '../../src/server/authority/announcement.ts'
import { createBus } from '../../src/server/sessions/bus.ts'
import { createLanes } from '../../src/server/authority/lanes.ts'
import { createHttpSessions, type HttpSessions } from '../../src/server/transports/http.ts'
import { createLobby } from '../../src/server/transports/lobby.ts'
import { createOrigins } from '../../src/server/transports/origins.ts'
import type { Connection, Session } from '../../src/server/sessions/session-port.ts'
import { openSession } from '../../src/server/sessions/session.ts'
import { groupError } from '../../src/kernel/errors.ts'
import { defaultPolicy, type Policy } from '../../src/kernel/limits.ts'
import { countedAccounts, excessRows, type CountedAccounts } from './budgets.ts'
import { createAudit, refusesFrame, type Audit } from './audit.ts'
import {
  pooledDatabase,
  serialDatabase,
  type DatabaseOptions,
  type Failure,
  type Restorable
} from './database.ts'
import { branch, emptyHistory, record, type History } from './history.ts'
import { request, type Answer } from './http-server.ts'
import { readToken } from './tokens.ts'
import type { World } from './world.ts'

/** By then a ping has mended the loss of an announcement. */
const disturbedMs = 60_000
/** By then most clients have caught up. */
const turnedAwayAfterMs = 400

type Process = {
  isAlive: boolean
  readonly open: (connection: Connection) => Session
  readonly http: HttpSessions
  readonly accounts: CountedAccounts
  readonly closings: Set<() => void>
  /** By HTTP session. */
  readonly audits: Map<string, Audit>
}

export type SimulatedServer = ReturnType<typeof createServer>

export type ServerOptions = { readonly policy?: Partial<Policy>; readonly isPooled?: boolean }

export function createServer(
  world: World,
  first: Restorable,
  { policy = {}, isPooled = false }: ServerOptions = {}
) {
  const latency = world.random('server latency')
  const effective = { ...defaultPolicy, ...policy }
  let database = first
  let history = emptyHistory(first.epoch)
  const histories = new Map([[first.epoch, history]])
  let backup: { database: Restorable; history: History } | undefined
  let epochs = 1
  const crafting = new Set<string>()
  let hasCopies = false
  const isInOrder = (userID: string) => !hasCopies && !crafting.has(userID)
  let failure: Failure | undefined
  let lostAnnouncements = 0
  let lateAnnouncements = 0
  let disturbedUntil = 0
  let turnedAwayUntil = 0
  let process = start()

  function start(): Process {
    const bus = createBus()
    // The parts of a process need this object before it is complete.
    const own = { isAlive: true, closings: new Set(), audits: new Map() } as unknown as {
      -readonly [K in keyof Process]: Process[K]
    }
    const options: DatabaseOptions = {
      isAlive: () => own.isAlive,
      nextFailure() {
        const next = failure
        failure = undefined
        return next
      },
      crash,
      onCommitted({ writes, tails }) {
        const excess = excessRows({ writes, tails })
        if (excess) world.violate('I19', excess)
        for (const wrong of record(history, writes, { tails, isInOrder }))
          world.violate('I4 server', wrong)
      }
    }
    const { connect } = database
    const guarded =
      isPooled && connect
        ? pooledDatabase(world, connect, options)
        : serialDatabase(world, database, options)
    const announce = (announcement: Announcement) => {
      if (lostAnnouncements + lateAnnouncements > 0) disturbedUntil = world.now() + disturbedMs
      if (lostAnnouncements > 0) return void lostAnnouncements--
      if (lateAnnouncements === 0) return bus.publish(announcement)
      lateAnnouncements--
      world.at(world.now() + latency.around(200), () => own.isAlive && bus.publish(announcement))
    }
    const onError = (error: unknown) => {
      if (String(error) !== 'Error: the database is away') world.violate('server', String(error))
    }
    const lanes = createLanes(guarded, { now: world.now, policy: effective, announce, onError })
    const accounts = countedAccounts(createAccounts())
    const context = {
      database: guarded,
      lanes,
      bus,
      accounts,
      policy: effective,
      now: world.now,
      setTimer: (callback: () => void, delayMs: number) =>
        world.at(world.now() + delayMs, () => own.isAlive && callback()),
      onError,
      authenticate
    }
    own.accounts = accounts
    own.open = connection => openSession(context, connection)
    own.http = createHttpSessions(context, {
      origins: createOrigins(undefined, context),
      lobby: createLobby()
    })
    return own
  }

  function authenticate(
    token: string
  ): ReturnType<Parameters<typeof openSession>[0]['authenticate']> {
    const read = readToken(token)
    if (!read)
      return { ok: false, error: groupError(token === '' ? 'TokenEmpty' : 'TokenMalformed') }
    const { userID, untilMs: expiresAt } = read
    if (expiresAt <= world.now()) return { ok: false, error: groupError('TokenExpired') }
    return { ok: true, userID, isAppAdmin: userID === 'app', expiresAt }
  }

  /** Audits a request with its answer, because a session sends nothing in between. */
  function auditAnswer({ audits }: Process, body: string, { status, text }: Answer): void {
    if (status >= 300) return
    const { session, frames: sent } = JSON.parse(text) as { session: string; frames: string[] }
    const audit = audits.get(session) ?? createAudit(world, history.sentVerdicts)
    audits.set(session, audit)
    for (const frame of (JSON.parse(body) as { frames: string[] }).frames) audit.received(frame)
    for (const frame of sent) {
      audit.sent(frame)
      // HTTP repeats no frame, and the crafter uses a socket, so the client is honest.
      if (refusesFrame(frame))
        world.violate('I18', `a frame of an honest client is refused: ${body.slice(0, 80)}`)
    }
  }

  function crash(): void {
    if (!process.isAlive) return
    world.note('server crashes')
    process.isAlive = false
    for (const close of process.closings) close()
    world.at(world.now() + latency.around(500), () => {
      process = start()
      world.note('server starts')
    })
  }

  return {
    crash,
    history: () => history,
    /** Describes all that the process holds for users. Empty if nothing is held. */
    held: () => (process.isAlive ? process.accounts.held() : ['the server is down']),
    historyOf: (epoch: string) => histories.get(epoch),
    /** `undefined`: no process listens. */
    open(connection: Connection, onCrash: () => void): Session | undefined {
      const own = process
      if (!own.isAlive) return undefined
      own.closings.add(onCrash)
      if (world.now() < turnedAwayUntil) world.at(world.now() + turnedAwayAfterMs, onCrash)
      const audit = createAudit(world, history.sentVerdicts)
      const session = own.open({
        ...connection,
        send(frame) {
          audit.sent(frame)
          return connection.send(frame)
        }
      })
      return {
        receive(frame) {
          if (!own.isAlive) return undefined
          audit.received(frame)
          return session.receive(frame)
        },
        closed() {
          own.closings.delete(onCrash)
          session.closed()
        }
      }
    },
    /** Sends a request. Returns how to hang up, or `undefined` if no process listens. */
    request(
      body: string,
      onAnswer: (answer: Answer) => void,
      onCrash: () => void
    ): (() => void) | undefined {
      const own = process
      if (!own.isAlive) {
        onCrash()
        return undefined
      }
      own.closings.add(onCrash)
      const hangUp = request(own.http, body, answer => {
        if (!own.isAlive) return
        auditAnswer(own, body, answer)
        onAnswer(answer)
      })
      return () => {
        own.closings.delete(onCrash)
        hangUp()
      }
    },
    failNext: (next: Failure) => void (failure = next),
    /** Ends every session soon after its start, for a while. */
    turnAway: (ms: number) => void (turnedAwayUntil = world.now() + ms),
    loseAnnouncements: (count: number) => void (lostAnnouncements += count),
    delayAnnouncements: (count: number) => void (lateAnnouncements += count),
    compact: (historyMs: number) =>
      void world.wait(
        database.compact({
          history: Math.floor((world.now() - historyMs) / 1000),
          verdicts: Math.floor(world.now() / 1000) - 90 * 86_400,
          refusals: Math.floor(world.now() / 1000) - 90 * 86_400
        })
      ),
    /** A copied device sends operations that the original may have discarded. */
    expectCopies: () => void (hasCopies = true),
    expectCrafting: (userID: string) => void crafting.add(userID),
    backUp(): void {
      const copy = database.copy?.(database.epoch)
      if (copy) backup = { database: copy, history: branch(history, history.epoch) }
    },
    /** Restores the last backup as another epoch. */
    restore(): void {
      const epoch = `epoch-${epochs + 1}`
      const copy = backup?.database.copy?.(epoch)
      if (!backup || !copy) return
      epochs++
      crash()
      database = copy
      history = branch(backup.history, epoch)
      histories.set(epoch, history)
    },
    /** Whether announcements were lost or late recently. */
    isDisturbed: () => world.now() < disturbedUntil,
    heal(): void {
      failure = undefined
      turnedAwayUntil = 0
      lostAnnouncements = lateAnnouncements = 0
    }
  }
}
