/**
 * The server of a transcript, and clients with a group on it. In a transcript, `→` goes to the
 * server and `←` to the device. `crew@1.3` is the third position of the first membership in crew,
 * and `#1` the first operation.
 */

import type { Connect } from '../../../src/protocol/port.ts'
import {
  createTestClient,
  createTestServer,
  type TestClient,
  type TestServer
} from '../../harness.ts'

export let server: TestServer

/** A client whose line changes or drops frames. */
export function onLine(userID: string, line: (connect: Connect) => Connect): TestClient {
  const network = server.network()
  return createTestClient(
    { ...server, network: () => ({ ...network, connect: line(network.connect) }) },
    userID
  )
}

export async function crew(...others: string[]): Promise<TestClient> {
  const ann = createTestClient(server, 'ann')
  const memberList = others.map(userID => ({ userID }))
  await ann.settle('createGroup', {
    groupID: 'crew',
    name: 'Crew',
    type: 'Public',
    joinOption: 'FreeAccess',
    memberList
  })
  await server.clock.advance(100)
  return ann
}

/** Ends the connection and begins another. */
export async function reconnect(client: TestClient): Promise<void> {
  client.network.cut()
  client.network.restore()
  await client.caughtUp()
  await server.clock.advance(100)
}

export function startServer(options?: Parameters<typeof createTestServer>[0]): void {
  server = createTestServer(options)
}
