/** The number of statements that a session needs, which is exact on a busy machine too. */

import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createLanes } from '../../src/server/authority/lanes.ts'
import type { Database } from '../../src/server/database/port.ts'
import { openPostgres } from '../../src/server/database/postgres.ts'
import { openSqlDatabase, type Sql } from '../../src/server/database/sql.ts'
import { createAccounts } from '../../src/server/sessions/accounts.ts'
import { createBus } from '../../src/server/sessions/bus.ts'
import type { SessionContext } from '../../src/server/sessions/session-port.ts'
import { openSession } from '../../src/server/sessions/session.ts'
import { defaultPolicy } from '../../src/kernel/limits.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { inProcess } from './databases.ts'
import { createDatabase, missing, stopCluster } from './postgres.ts'
import { hello } from './raw-client.ts'
import { seedGroups } from './seed.ts'

// The number is the same on both engines, and the embedded one starts slowly.
const openEngine = async (): Promise<Sql> =>
  missing === undefined ? openPostgres(await createDatabase()) : inProcess(await PGlite.create())

const ids = Array.from({ length: 1000 }, (_, index) => `group-${index + 1}`)
const few = (max: number): number =>
  expect.toSatisfy((count: number) => count <= max, `${max} at most`) as number

describe('the number of statements', () => {
  const statements: string[] = []
  let database: Database
  beforeAll(async () => {
    const sql = await openEngine()
    const counted: Sql = {
      ...sql,
      withConnection: (work, options) =>
        sql.withConnection(
          query =>
            work((text, params) => {
              statements.push(text)
              return query(text, params)
            }),
          options
        )
    }
    database = await openSqlDatabase(counted)
    await sql.withConnection(query =>
      seedGroups(query, { userID: 'ann', groups: ids.length, members: 3 })
    )
  }, 60_000)
  afterAll(async () => {
    await database.close()
    await stopCluster()
  })

  function open() {
    const messages: ServerMessage[] = []
    const session = openSession(contextOf(database), {
      send: frame => void messages.push(JSON.parse(frame) as ServerMessage),
      close: error => error && expect.fail(JSON.stringify(error))
    })
    onTestFinished(session.closed)
    /** Sends a message. Returns the statements until the answer, and the groups before it. */
    async function ask(message: object, isAnswer: (message: ServerMessage) => boolean) {
      statements.length = messages.length = 0
      void session.receive(JSON.stringify(message))
      await expect.poll(() => messages.some(isAnswer), { timeout: 20_000 }).toBe(true)
      const groups = messages.flatMap(each => (each.type === 'delta' ? each.groups : []))
      return { statements: statements.length, groups: groups.length }
    }
    return {
      logIn: (rest: object = {}) =>
        ask(
          hello('ann', { epoch: database.epoch, ...rest }),
          each => each.type === 'delta' && each.caughtUp
        ),
      ping: () => ask({ type: 'ping' }, each => each.type === 'pong')
    }
  }

  test('a login in 1,000 groups from nothing has at most 10', async () => {
    expect(await open().logIn()).toEqual({ statements: few(10), groups: 1000 })
  }, 30_000)

  test('a login after changes in 200 of 1,000 groups has at most 10', async () => {
    // Each group has two commits. In 200 of them, the client holds only the first.
    const groups = ids.map((id, index) => [id, 1, index < 200 ? 1 : 2])
    const changed = await open().logIn({ feed: ids.length, groups })
    expect(changed).toEqual({ statements: few(10), groups: 200 })
  }, 30_000)

  test('a ping has one', async () => {
    const { logIn, ping } = open()
    await logIn({ feed: ids.length, groups: ids.map(id => [id, 1, 2]) })
    expect(await ping()).toEqual({ statements: 1, groups: 0 })
  }, 30_000)
})

function contextOf(database: Database): SessionContext {
  const bus = createBus()
  const onError = (error: unknown) => expect.fail(String(error))
  const options = { now: Date.now, policy: defaultPolicy, announce: bus.publish, onError }
  return {
    ...options,
    database,
    bus,
    lanes: createLanes(database, options),
    accounts: createAccounts(),
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
    authenticate: userID => ({ ok: true, userID, isAppAdmin: false, expiresAt: Infinity })
  }
}
