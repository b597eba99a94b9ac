/** The sync server: authority over the groups, for embedding and for tests. */

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe } from '../kernel/error-texts.ts'
import { createAccounts } from './sessions/accounts.ts'
import { giveNotice } from './authority/admin.ts'
import { createBus } from './sessions/bus.ts'
import { createLanes } from './authority/lanes.ts'
import { createHttpSessions } from './transports/http.ts'
import { createLobby } from './transports/lobby.ts'
import { checkOptions } from './options.ts'
import { createOrigins } from './transports/origins.ts'
import { openPGlite } from './database/pglite.ts'
import { policyFrom, type PolicyOptions } from './policy.ts'
import type { Database } from './database/port.ts'
import { openSqlDatabase } from './database/sql.ts'
import type { SessionContext } from './sessions/session-port.ts'
import { verifyUserSig, type App } from './user-sig.ts'
import { serveWebSockets } from './transports/websocket.ts'

export { generateUserSig, type App } from './user-sig.ts'
export { openPGlite } from './database/pglite.ts'
export { openPostgres } from './database/postgres.ts'
export { openSqlDatabase, type Sql, type SqlQuery } from './database/sql.ts'
export type { Database } from './database/port.ts'
export type { PolicyOptions } from './policy.ts'

/** The options of `startServer`. */
export type ServerOptions = App & {
  /** Default: `0`, any free port. */
  readonly port?: number
  /** The address to listen on. Default: `127.0.0.1`, which only this machine can reach. */
  readonly host?: string
  /** The folder of the embedded database. Without it, the data is in memory. */
  readonly dataDir?: string
  /** Replaces the embedded database: see `openSqlDatabase`. `close` of the server closes it. */
  readonly database?: Database
  /** The IDs of users with an owner's rights in every group. */
  readonly appAdmins?: readonly string[]
  readonly policy?: PolicyOptions
  /** The origins that browsers may connect from. Default: all. */
  readonly allowedOrigins?: readonly string[]
  /** Handles requests for other paths than the sync server's. */
  readonly onRequest?: RequestListener
  /** Receives errors that the server survives. Default: a line on standard error. */
  readonly onError?: (error: unknown) => void
  /** The time in milliseconds, for tests with a faster clock. */
  readonly now?: () => number
}

export type SyncServer = {
  readonly port: number
  /** The address for clients: `ws://…/sync`, or `http://…/sync` without WebSockets. */
  readonly url: string
  /**
   * Sends a notice of the app (operation type 255) to users of a group: to all, or to `userIDs`.
   * Rejects with a `GroupError` if the group does not exist (10010), or if an argument is wrong
   * (10004, and 10015 for a group ID that no group can have). `userDefinedField` has at most 8,000
   * bytes and no control characters, `userIDs` at most 100,000 users (10005). An error of the
   * database is passed on.
   *
   * @example
   * await server.sendGroupNotice({ groupID: 'crew', userDefinedField: 'the picnic is on Sunday' })
   */
  sendGroupNotice(notice: GroupNotice): Promise<void>
  /** Ends all connections and waits for running transactions. Further calls wait for the first. */
  close(): Promise<void>
}

/** A notice of the app. `userDefinedField` is its text. Without `userIDs`, all members get it. */
export type GroupNotice = {
  readonly groupID: string
  readonly userDefinedField: string
  readonly userIDs?: readonly string[]
}

const path = '/sync'

/**
 * Starts a sync server. Rejects if an option is invalid, the port is in use, or the database cannot
 * be opened or is in use.
 *
 * @example
 * const app = { sdkAppID: 1400000000, secretKey: 'a secret' }
 * const server = await startServer({ ...app, dataDir: './data' })
 * console.log(server.url) // ws://127.0.0.1:…/sync
 */
export async function startServer(options: ServerOptions): Promise<SyncServer> {
  checkOptions(options)
  const {
    host = '127.0.0.1',
    port = 0,
    sdkAppID,
    secretKey,
    appAdmins = [],
    now = Date.now
  } = options
  const onError = oncePerError(options.onError ?? logError)
  const policy = policyFrom(options.policy)
  const database =
    options.database ?? (await openSqlDatabase(await openPGlite(options.dataDir, { onError })))
  const bus = createBus()
  const lanes = createLanes(database, { now, policy, announce: bus.publish, onError })

  const context: SessionContext = {
    database,
    lanes,
    bus,
    accounts: createAccounts(),
    policy,
    now,
    onError,
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
    authenticate(token) {
      const verified = verifyUserSig({ sdkAppID, secretKey }, token, now())
      return verified.ok
        ? { ...verified, isAppAdmin: appAdmins.includes(verified.userID) }
        : verified
    }
  }
  const { onRequest = notFound } = options
  const origins = createOrigins(options.allowedOrigins, { now, onError })
  const lobby = createLobby()
  const sessions = createHttpSessions(context, { origins, lobby })
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] === path) sessions.handle(request, response).catch(onError)
    else onRequest(request, response)
  })
  const stopSockets = serveWebSockets(server, context, { path, origins, lobby })
  const stopForgetting = forgetHourly(database, now, onError)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (error) {
    stopSockets()
    stopForgetting()
    await database.close()
    throw error
  }
  // A server that listens on a port has an address with one.
  const address = server.address() as AddressInfo

  let closing: Promise<void> | undefined
  async function close(): Promise<void> {
    stopSockets()
    stopForgetting()
    sessions.end()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    await lanes.idle()
    await database.close()
  }
  return {
    port: address.port,
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${address.port}${path}`,
    async sendGroupNotice(notice) {
      const announcement = await database.transaction(tx =>
        giveNotice(tx, notice, { nowMs: now() })
      )
      if ('code' in announcement) throw describe(announcement)
      bus.publish(announcement)
    },
    close: () => (closing ??= close())
  }
}

const notFound: RequestListener = (_request, response) => response.writeHead(404).end()

/** An operation may wait on a device this long. Verdicts are kept much longer. */
const historyKeptMs = 30 * 86_400_000
const verdictsKeptMs = 400 * 86_400_000
/** A refused operation that is sent once more after this time is refused as too old. */
const refusalsKeptMs = 40 * 86_400_000
const forgetEveryMs = 3_600_000

function forgetHourly(
  database: Database,
  now: () => number,
  onError: (error: unknown) => void
): () => void {
  const seconds = (ms: number) => Math.floor(ms / 1000)
  const forget = () => {
    database
      .compact({
        history: seconds(now() - historyKeptMs),
        verdicts: seconds(now() - verdictsKeptMs),
        refusals: seconds(now() - refusalsKeptMs)
      })
      .catch(onError)
  }
  forget()
  const timer = setInterval(forget, forgetEveryMs)
  return () => clearInterval(timer)
}

/** A database that has ended fails every call with the same error, or with a copy that names it. */
function oncePerError(report: (error: unknown) => void): (error: unknown) => void {
  const reported = new WeakSet()
  return error => {
    const first = causeOf(error)
    if (typeof first !== 'object' || first === null) return report(error)
    if (!reported.has(first)) report(error)
    reported.add(first)
  }
}

const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? causeOf(error.cause) : error

function logError(error: unknown): void {
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`
  )
}
