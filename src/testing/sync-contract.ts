/** The sync server contract: the guarantees of the protocol, as tests for any server. */

import type { ContractRunner } from './storage-contract.ts'
import { applicationCases } from './sync/application-cases.ts'
import { catchUpCases } from './sync/catch-up-cases.ts'
import { digestCases } from './sync/digest-cases.ts'
import { frameCases } from './sync/frame-cases.ts'
import { laneCases } from './sync/lane-cases.ts'
import { noticeCases } from './sync/notice-cases.ts'
import { operationCases } from './sync/operation-cases.ts'
import { pageCases } from './sync/page-cases.ts'
import { recipientCases } from './sync/recipient-cases.ts'
import { roomCases } from './sync/room-cases.ts'
import { sessionCases } from './sync/session-cases.ts'
import { createStage, type Stage, type SyncServerUnderTest } from './sync/stage.ts'

export type { SyncServerUnderTest } from './sync/stage.ts'

const allCases = [
  sessionCases,
  frameCases,
  operationCases,
  laneCases,
  catchUpCases,
  recipientCases,
  pageCases,
  digestCases,
  roomCases,
  noticeCases,
  applicationCases
]

/**
 * Tests a server of the protocol in `src/protocol/PROTOCOL.md` through connections alone. `test`
 * and `expect` are those of your test runner. Each test has new users and groups, so the server may
 * keep its data. The server must have the default policy. Node before version 22 has no WebSocket:
 * assign the one of the package `ws` to `globalThis.WebSocket`.
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
  for (const cases of allCases) cases({ server, expect, check })
}
