/** 70001 to 70402: codes of userSigs. */

import { createRequire } from 'node:module'
import { generateUserSig, verifyUserSig } from '../../../src/server/user-sig.ts'
import { createTestClient, createTestServer } from '../../harness.ts'
import { app, type Outcome } from '../code-answers.ts'
import type { Row } from './produce.ts'

/** Why a device does not come online. */
async function whyOffline(userID: string, token: string): Promise<Outcome> {
  const server = createTestServer()
  const device = createTestClient(server, userID, { token })
  await server.clock.advance(100)
  return (await device.status())?.lastError ?? 'accepted'
}

const login = (userSig: string, nowMs = 0): Outcome => {
  const verified = verifyUserSig(app, userSig, nowMs)
  return verified.ok ? 'accepted' : verified.error
}

// Tencent's package has no types and signs anything.
type Api = { genUserSig(userID: string, expire: number): string }

const { Api } = createRequire(import.meta.url)('tls-sig-api-v2') as {
  Api: new (sdkAppID: number, secretKey: string) => Api
}

const lasting = new Api(app.sdkAppID, app.secretKey)

const signed = (by = app) => generateUserSig(by, { userID: 'ann', expireSeconds: 60, now: 0 })

export const tokenCodes: readonly Row[] = [
  [70001, 'TokenExpired', 'a userSig that has run out', () => login(signed(), 61_000)],
  [70002, 'TokenEmpty', 'no userSig', () => login('')],
  [70003, 'TokenMalformed', 'a userSig that is none', () => login('nonsense')],
  [70004, 'TokenFromFuture', 'a userSig issued later than now', () => login(signed(), -3_600_000)],
  [
    70005,
    'TokenLastsTooLong',
    'a userSig of a year',
    () => login(lasting.genUserSig('ann', 31_536_000), Date.now())
  ],
  [
    70009,
    'TokenMismatch',
    'a userSig made with another key',
    () => login(signed({ ...app, secretKey: 'other' }))
  ],
  [
    70009,
    'TokenMismatch',
    'a device whose token does not count',
    () => whyOffline('ann', 'nobody')
  ],
  [
    70013,
    'TokenOfOtherUser',
    'a device with the token of another user',
    () => whyOffline('ann', 'bob')
  ],
  [
    70014,
    'TokenOfOtherApp',
    'a userSig of another app',
    () => login(signed({ ...app, sdkAppID: 2 }))
  ],
  [
    70402,
    'IllegalUserID',
    'a userSig for nobody',
    () => login(lasting.genUserSig('', 60), Date.now())
  ]
]
