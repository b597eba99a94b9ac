/** One client's session of the real server, without a socket. */

import { randomUUID } from 'node:crypto'
import { defaultPolicy } from '../../../src/kernel/limits.ts'
import type { ServerMessage } from '../../../src/protocol/server-messages.ts'
import { createLanes } from '../../../src/server/authority/lanes.ts'
import type { Database } from '../../../src/server/database/port.ts'
import type { Sql } from '../../../src/server/database/sql.ts'
import { createAccounts } from '../../../src/server/sessions/accounts.ts'
import { createBus } from '../../../src/server/sessions/bus.ts'
import type { SessionContext } from '../../../src/server/sessions/session-port.ts'
import { openSession } from '../../../src/server/sessions/session.ts'
import { hello, push } from '../../server/raw-client.ts'

export type Line = ReturnType<typeof openLine>

/** Counts the statements of a database. */
export function counted(sql: Sql): { sql: Sql; statements: { count: number } } {
  const statements = { count: 0 }
  const watched: Sql = {
    ...sql,
    withConnection: (work, options) =>
      sql.withConnection(
        query =>
          work((text, params) => {
            statements.count++
            return query(text, params)
          }),
        options
      )
  }
  return { sql: watched, statements }
}

const contexts = new WeakMap<Database, SessionContext>()

/** All sessions of a database belong to one server. */
function contextOf(database: Database): SessionContext {
  const known = contexts.get(database)
  if (known) return known
  const bus = createBus()
  const onError = (error: unknown) => console.error(error)
  const options = { now: Date.now, policy: defaultPolicy, announce: bus.publish, onError }
  const context: SessionContext = {
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
  contexts.set(database, context)
  return context
}

export function openLine(database: Database, userID: string) {
  let waiting: { isAnswer(message: ServerMessage): boolean; resolve(): void } | undefined
  const session = openSession(contextOf(database), {
    send(frame) {
      const message = JSON.parse(frame) as ServerMessage
      if (!waiting?.isAnswer(message)) return
      const { resolve } = waiting
      waiting = undefined
      resolve()
    },
    close: error => error && console.error(error)
  })
  const ask = (message: object, isAnswer: (message: ServerMessage) => boolean) =>
    new Promise<void>(resolve => {
      waiting = { isAnswer, resolve }
      void session.receive(JSON.stringify(message))
    })
  function operate(groupID: string, name: string, args: object): Promise<void> {
    const opID = randomUUID()
    const operation = { opID, name, args: { groupID, ...args }, groupID, seen: 0, waitedSeconds: 0 }
    return ask(
      push(operation),
      message => message.type === 'delta' && message.verdicts.some(each => each.opID === opID)
    )
  }
  let count = 0
  return {
    logIn: (rest: object) =>
      ask(hello(userID, rest), message => message.type === 'delta' && message.caughtUp),
    ping: () => ask({ type: 'ping' }, message => message.type === 'pong'),
    createGroup: (groupID: string) =>
      operate(groupID, 'createGroup', { name: groupID, type: 'Public', joinOption: 'FreeAccess' }),
    join: (groupID: string) => operate(groupID, 'joinGroup', {}),
    setCard: (groupID: string) =>
      operate(groupID, 'setGroupMemberNameCard', { userID, nameCard: `card ${count++}` }),
    close: session.closed
  }
}
