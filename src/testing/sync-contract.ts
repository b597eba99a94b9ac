/** What every sync server must do, as tests: pass it your test runner and how to reach a server. */

import type { ContractRunner } from './storage-contract.ts'
import { deltaCases } from './sync/delta-cases.ts'
import { noticeCases } from './sync/notice-cases.ts'
import { operationCases } from './sync/operation-cases.ts'
import { roomCases } from './sync/room-cases.ts'
import { sessionCases } from './sync/session-cases.ts'
import { createStage, type Stage, type SyncServerUnderTest } from './sync/stage.ts'

export type { SyncServerUnderTest } from './sync/stage.ts'

/**
 * Tests a server of the protocol in `src/protocol/PROTOCOL.md`, through connections alone. Users and groups are new in every
 * test, so that the server may keep its data; it judges by the rules as they are unless set otherwise. Before version 22,
 * Node has no WebSocket: it can be given that of the package `ws`.
 *
 * @example
 * const app = { sdkAppID: 1400000000, secretKey: 'a secret' }
 * const server = await startServer(app)
 * afterAll(() => server.close())
 * syncServerContract({ test, expect }, {
 *   connect: connectWebSocket(server.url),
 *   makeToken: userID => generateUserSig(app, { userID })
 * })
 */
export function syncServerContract(
  { test, expect }: ContractRunner,
  server: SyncServerUnderTest
): void {
  const check = (title: string, body: (stage: Stage) => Promise<void>) =>
    test(title, async () => {
      const stage = createStage(server)
      try {
        await body(stage)
      } finally {
        stage.end()
      }
    })
  for (const cases of [sessionCases, operationCases, deltaCases, roomCases, noticeCases])
    cases({ server, expect, check })
}
