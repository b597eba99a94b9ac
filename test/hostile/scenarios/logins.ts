/** Attackers that log in with userSigs that the app's own backend has signed by mistake. */

import { createHmac } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { expect } from 'vitest'
import { generateUserSig } from '../../../src/server/user-sig.ts'
import { hello } from '../attacker.ts'
import type { Scenario } from '../arena.ts'
import { app } from '../process.ts'

/** A userSig with the app's own key, also for a user ID that `generateUserSig` refuses. */
function signedFor(userID: string): string {
  const signed = {
    'TLS.identifier': userID,
    'TLS.sdkappid': app.sdkAppID,
    'TLS.time': Math.floor(Date.now() / 1000),
    'TLS.expire': 604_800
  }
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`)
  const sig = createHmac('sha256', app.secretKey).update(lines.join('')).digest('base64')
  return deflateSync(JSON.stringify({ ...signed, 'TLS.sig': sig }))
    .toString('base64')
    .replaceAll('+', '*')
    .replaceAll('/', '-')
    .replaceAll('=', '_')
}

/** The server's clock runs faster than this one. */
const aYearMs = 365 * 86_400_000
const future = (userID: string) => generateUserSig(app, { userID, now: Date.now() + aYearMs })

const refused: readonly [token: string, code: number][] = [
  [future('ann'), 70004],
  ['', 70002],
  [' ', 70003],
  ['\0', 70003],
  [signedFor(''), 70402],
  [signedFor(' '), 70402],
  ...['\0', 'ann\0', 'ann\n', '\r\nann', '\u001b[2J', 'ann\u007f', 'ann\u0085', '\u202eann'].map(
    (userID): [string, number] => [signedFor(userID), 70402]
  ),
  [signedFor('x'.repeat(33)), 70402],
  [signedFor('x'.repeat(3500)), 70402],
  // More than the server unpacks.
  [signedFor('x'.repeat(1_000_000)), 70003]
]

export const loginScenarios: readonly Scenario[] = [
  {
    title: 'logins with userSigs from the future, empty, or for impossible user IDs',
    async attack({ socket, say }) {
      for (const [token, code] of refused) {
        const client = await socket()
        await client.send(hello('ann', [], { token }))
        expect(await client.until(() => true)).toMatchObject({ type: 'error', error: { code } })
        await client.closed
        const { session = '' } = (await say('', hello('ann', [], { token }))) ?? {}
        const answer = await say(session)
        expect(JSON.parse(answer?.frames[0] ?? '{}')).toMatchObject({ error: { code } })
      }
    }
  },
  {
    title: 'renewals with userSigs from the future, empty, or for impossible user IDs',
    async attack({ socket }) {
      for (const [token, code] of refused) {
        const client = await socket()
        await client.login('mallory')
        await client.send({ type: 'auth', token })
        expect(await client.until(() => true)).toMatchObject({ type: 'error', error: { code } })
        await client.closed
      }
    }
  }
]
