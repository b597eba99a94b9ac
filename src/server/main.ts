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
export { openSqlDatabase, type Query, type Sql } from './database/sql.ts'
export type { Database } from './database/port.ts'
export type { PolicyOptions } from './policy.ts'

export type ServerOptions = App & {
  /** `0` (unless given) takes any free port. */
  readonly port?: number
  /** `127.0.0.1` unless given. */
  readonly host?: string
  /** Where the embedded database keeps its files; in memory when not given. */
  readonly dataDir?: string
  /** Another database than the embedded one. The server closes it when it closes. */
  readonly database?: Database
  /** Users with an owner's rights in every group. */
  readonly appAdmins?: readonly string[]
  readonly policy?: PolicyOptions
  /** Origins that browsers may connect from; all when not given. */
  readonly allowedOrigins?: readonly string[]
  /** Answers what is not for the sync server, for instance a page. */
  readonly onRequest?: RequestListener
  /** Told of what went wrong and was survived; a line on standard error unless given. */
  readonly onError?: (error: unknown) => void
  /** The time in milliseconds, for tests in which it passes faster. */
  readonly now?: () => number
}

export type SyncServer = {
  readonly port: number
  /** Where clients connect to: `ws://…/sync`; `http://…/sync` where there are no WebSockets. */
  readonly url: string
  /**
   * Gives users in a group a notice of the app's own (operation type 255): all of them unless some are named. Rejects
   * with a `GroupError` when there is no such group (10010), or `userDefinedField` is longer than 8,000 bytes (10004).
   *
   * @example
   * await server.sendGroupNotice({ groupID: 'crew', userDefinedField: 'the picnic is on Sunday' })
   */
  sendGroupNotice(notice: GroupNotice): Promise<void>
  /** Ends all connections and waits for what is under way. */
  close(): Promise<void>
}

export type GroupNotice = {
  readonly groupID: string
  readonly userDefinedField: string
  readonly userIDs?: readonly string[]
}

const path = '/sync'

/**
 * Starts a sync server. Rejects when an option is wrong, the port is taken, or the database cannot be opened or is in use.
 *
 * @example
 * const server = await startServer({ sdkAppID: 1400000000, secretKey: 'a secret', dataDir: './data' })
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
    async close() {
      stopSockets()
      stopForgetting()
      sessions.end()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await lanes.idle()
      await database.close()
    }
  }
}

const notFound: RequestListener = (_request, response) => response.writeHead(404).end()

/** As long as an operation may wait on a device, its group's history is worth keeping; verdicts much longer. */
const historyKeptMs = 30 * 86_400_000
const verdictsKeptMs = 400 * 86_400_000
/** Whoever sends a refused operation again later is refused again: it has waited too long. */
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

/** A database that has ended fails every call with the same error. */
function oncePerError(report: (error: unknown) => void): (error: unknown) => void {
  const reported = new WeakSet()
  return error => {
    if (typeof error !== 'object' || error === null) return report(error)
    if (!reported.has(error)) report(error)
    reported.add(error)
  }
}

function logError(error: unknown): void {
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`
  )
}
