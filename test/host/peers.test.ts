/** The messages that a tab posts to the others. */

import { expect, onTestFinished, test, vi } from 'vitest'
import type { PeerMessage } from '../../src/engine/host.ts'
import { browserPeers } from '../../src/host/peers.ts'

test('reports about two databases are posted as two messages', async () => {
  // Node has no Web Locks, and some versions of it have no navigator.
  vi.stubGlobal('navigator', {})
  onTestFinished(() => void vi.unstubAllGlobals())
  const [peers, others] = [browserPeers('reports'), browserPeers('reports')]
  onTestFinished(() => [peers, others].forEach(each => each.close()))
  const received: PeerMessage[] = []
  others.listen(message => void received.push(message))
  const report = (databaseID: string, commitNumber: number) =>
    peers.post({ type: 'committed', databaseID, commits: [{ commitNumber, writes: [] }] })
  report('old', 8)
  report('old', 9)
  report('new', 1)
  await expect
    .poll(() => received)
    .toMatchObject([
      { databaseID: 'old', commits: [{ commitNumber: 8 }, { commitNumber: 9 }] },
      { databaseID: 'new', commits: [{ commitNumber: 1 }] }
    ])
})
