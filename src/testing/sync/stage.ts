/** The users, groups and clients of one case. No other case uses them. */

import type { Args, OperationName } from '../../kernel/decide.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { PushedOperation } from '../../protocol/messages.ts'
import type { Connect } from '../../protocol/port.ts'
import type { ContractRunner } from '../storage-contract.ts'
import { openClient, type SyncClient } from './client.ts'
import { noPositions, type Positions } from './replica.ts'

/** The server that `syncServerContract` tests. */
export type SyncServerUnderTest = {
  readonly connect: Connect
  /** A valid token of this user. */
  makeToken(userID: string): string | Promise<string>
  /** A token of this user that has expired. Without it, the case of expired tokens is skipped. */
  readonly makeExpiredToken?: (userID: string) => string | Promise<string>
  /** Restarts the server with its data. Without it, the case of restarts is skipped. */
  readonly restart?: () => Promise<void>
}

export type Suite = {
  readonly server: SyncServerUnderTest
  readonly expect: ContractRunner['expect']
  check(title: string, body: (stage: Stage) => Promise<void>): void
}

export type Stage = ReturnType<typeof createStage>

let count = 0
const run = Date.now().toString(36)

export function createStage({ connect, makeToken }: SyncServerUnderTest) {
  const clients: SyncClient[] = []
  const id = (word: string) => `${word}-${run}-${count++}`

  async function open(): Promise<SyncClient> {
    const client = await openClient(connect)
    clients.push(client)
    return client
  }

  async function login(userID: string, positions: Positions = noPositions): Promise<SyncClient> {
    const client = await open()
    await client.login({ token: await makeToken(userID), ...positions })
    return client
  }

  const operation = <N extends OperationName>(
    name: N,
    args: Args<N> & { groupID: string },
    rest: Partial<PushedOperation> = {}
  ): PushedOperation => ({
    opID: id('op'),
    name,
    args: { ...args },
    groupID: args.groupID,
    seen: 0,
    waitedSeconds: 0,
    ...rest
  })

  /** Pushes one operation. Throws unless it is applied. */
  async function act<N extends OperationName>(
    client: SyncClient,
    name: N,
    args: Args<N> & { groupID: string }
  ) {
    const [verdict] = await client.judge(operation(name, args))
    if (!verdict || verdict === 'retry' || verdict.kind === 'rejected')
      throw new Error(`${name}: ${JSON.stringify(verdict)}`)
    return verdict
  }

  return {
    id,
    open,
    login,
    operation,
    token: makeToken,
    act,
    /** Creates a group of new users and logs all of them in. The first user owns the group. */
    async crew<const N extends readonly string[]>(
      names: N,
      group: Partial<Args<'createGroup'>> = {}
    ) {
      const groupID = id('crew')
      const userIDs = names.map(id)
      const [owner = '', ...others] = userIDs
      const first = await login(owner)
      const memberList = others.map(userID => ({ userID }))
      await act(first, 'createGroup', {
        name: 'Crew',
        type: 'Public',
        memberList,
        ...group,
        groupID
      })
      const clients = [first]
      for (const userID of others) clients.push(await login(userID))
      // The lists have one element per name.
      return { groupID, userIDs, clients } as unknown as {
        groupID: string
        userIDs: { [K in keyof N]: string }
        clients: { [K in keyof N]: SyncClient }
      }
    },
    end() {
      for (const client of clients) client.close()
    }
  }
}

/** The code of a refusal, or the kind of any other verdict. */
export const outcome = (verdict: Verdict | 'retry' | undefined): number | string | undefined =>
  typeof verdict === 'object' && verdict.kind === 'rejected'
    ? verdict.error.code
    : typeof verdict === 'object'
      ? verdict.kind
      : verdict

/** The scope of a refusal, and the reason and the user that caused it. */
export const scopeAndCause = (verdict: Verdict | 'retry' | undefined): unknown[] =>
  typeof verdict === 'object' && verdict.kind === 'rejected'
    ? [verdict.scope, verdict.cause?.reason, verdict.cause?.by]
    : []
