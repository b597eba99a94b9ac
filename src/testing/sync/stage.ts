/** What a case of the contract plays on: users and groups that no other case uses, and their clients. */

import type { Args, OperationName } from '../../kernel/decide.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { PushedOperation } from '../../protocol/messages.ts'
import type { Connect } from '../../protocol/port.ts'
import type { ContractRunner } from '../storage-contract.ts'
import { nowhere, openClient, type Stand, type SyncClient } from './client.ts'

export type SyncServerUnderTest = {
  /** Connects to the server. */
  readonly connect: Connect
  /** A token that the server takes for this user's. */
  makeToken(userID: string): string | Promise<string>
  /** A token of this user that the server took in the past; without it, that one case is left out. */
  readonly makeExpiredToken?: (userID: string) => string | Promise<string>
  /** Ends the server and starts it again on its data; without it, that one case is left out. */
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

  async function login(userID: string, stand: Stand = nowhere): Promise<SyncClient> {
    const client = await open()
    await client.login({ token: await makeToken(userID), ...stand })
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
    waited: 0,
    ...rest
  })

  /** Has an operation judged, and expects that it is applied. */
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
    /** Users who are logged in, and a group of theirs: the first one owns it. */
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
      // One of each per name.
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

/** What a verdict comes to. */
export const outcome = (verdict: Verdict | 'retry' | undefined): number | string | undefined =>
  typeof verdict === 'object' && verdict.kind === 'rejected'
    ? verdict.error.code
    : typeof verdict === 'object'
      ? verdict.kind
      : verdict
