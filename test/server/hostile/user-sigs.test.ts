/** Tokens that a server refuses: forged, edited, damaged or expired. */

import { createRequire } from 'node:module'
import { deflateSync, inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { generateUserSig } from '../../../src/server/main.ts'
import { verifyUserSig } from '../../../src/server/user-sig.ts'
import { app, hello, openStage } from './stage.ts'

const { connect, expectAlive } = openStage()

type Api = {
  genUserSig(userID: string, expire: number): string
  genPrivateMapKey(userID: string, expire: number, room: number, map: number): string
}
// Tencent's package has no types, and `Api` is its only export.
const require = createRequire(import.meta.url)
const { Api } = require('tls-sig-api-v2') as {
  Api: new (sdkAppID: number, secretKey: string) => Api
}
const tencent = new Api(app.sdkAppID, app.secretKey)

type Claims = Record<string, unknown>
const pack = (text: string | Buffer) =>
  deflateSync(text)
    .toString('base64')
    .replaceAll('+', '*')
    .replaceAll('/', '-')
    .replaceAll('=', '_')
const unpack = (userSig: string): Claims =>
  JSON.parse(
    inflateSync(
      Buffer.from(userSig.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '='), 'base64')
    ).toString()
  )
const edited = (userSig: string, changes: Claims) =>
  pack(JSON.stringify({ ...unpack(userSig), ...changes }))
const mine = () => tencent.genUserSig('mallory', 1000)

/**
 * The app signs lines of claims. This userSig is signed for a user whose ID contains such lines.
 * It then claims to be of `ann`.
 */
function splitElsewhere(): string {
  const now = Math.floor(Date.now() / 1000)
  const lines = [
    'ann',
    `TLS.sdkappid:${app.sdkAppID}`,
    `TLS.time:${now}`,
    'TLS.expire:1000',
    'TLS.userbuf:x'
  ]
  const claims = unpack(tencent.genUserSig(lines.join('\n'), 1))
  const rest = `x\nTLS.sdkappid:${app.sdkAppID}\nTLS.time:${Number(claims['TLS.time'])}\nTLS.expire:1`
  return pack(
    JSON.stringify({ ...claims, 'TLS.identifier': 'ann', 'TLS.expire': 1000, 'TLS.userbuf': rest })
  )
}

const userSigs: [title: string, userSig: () => string, code: number][] = [
  ['that is empty', () => '', 70002],
  ['of nonsense', () => 'nonsense', 70003],
  ['other than base64', () => '<>!?', 70003],
  ['of "__proto__"', () => '__proto__', 70003],
  ['that ends early', () => mine().slice(0, 100), 70003],
  ['that is not compressed', () => Buffer.from('{}').toString('base64'), 70003],
  ['of compressed nonsense', () => pack('nonsense'), 70003],
  ['of null', () => pack('null'), 70003],
  ['of a list', () => pack('[]'), 70003],
  ['of an empty object', () => pack('{}'), 70003],
  [
    'of inherited claims',
    () =>
      pack(
        JSON.stringify({ x: 1 }).replace('"x":1', `"__proto__":${JSON.stringify(unpack(mine()))}`)
      ),
    70003
  ],
  ['nested 100,000 deep', () => pack('['.repeat(100_000)), 70003],
  [
    'with 2 MB of trailing spaces',
    () => pack(JSON.stringify(unpack(mine())) + ' '.repeat(2_000_000)),
    70003
  ],
  ['without a signature', () => edited(mine(), { 'TLS.sig': undefined }), 70003],
  ['with a signature that is null', () => edited(mine(), { 'TLS.sig': null }), 70003],
  ['with an expiry as text', () => edited(mine(), { 'TLS.expire': '1000' }), 70003],
  ['with a user that is a list', () => edited(mine(), { 'TLS.identifier': ['ann'] }), 70003],
  ['with an empty signature', () => edited(mine(), { 'TLS.sig': '' }), 70009],
  ['with a short signature', () => edited(mine(), { 'TLS.sig': 'AAAA' }), 70009],
  [
    'with a signature of another length',
    () => edited(mine(), { 'TLS.sig': 'A'.repeat(100) }),
    70009
  ],
  ['with a signature of zeros', () => edited(mine(), { 'TLS.sig': 'A'.repeat(43) }), 70009],
  ['of another key', () => new Api(app.sdkAppID, 'another key').genUserSig('ann', 1000), 70009],
  ['of another app', () => new Api(app.sdkAppID + 1, app.secretKey).genUserSig('ann', 1000), 70014],
  ['that names another user', () => edited(mine(), { 'TLS.identifier': 'ann' }), 70009],
  ['that names another app', () => edited(mine(), { 'TLS.sdkappid': app.sdkAppID + 1 }), 70014],
  ['that lasts longer than signed', () => edited(mine(), { 'TLS.expire': 1e308 }), 70009],
  ['that was made later than signed', () => edited(mine(), { 'TLS.time': 4e9 }), 70009],
  ['with an unsigned claim', () => edited(mine(), { 'TLS.userbuf': 'x' }), 70009],
  [
    'without a signed claim',
    () => edited(tencent.genPrivateMapKey('mallory', 1000, 1, 1), { 'TLS.userbuf': undefined }),
    70009
  ],
  [
    'that has expired',
    () => generateUserSig(app, { userID: 'ann', expireSeconds: 60, now: Date.now() - 61_000 }),
    70001
  ],
  ['that expires at once', () => tencent.genUserSig('ann', 0), 70001],
  ['that expired before it was made', () => tencent.genUserSig('ann', -1000), 70001],
  ['signed for a user ID of several lines', splitElsewhere, 70003]
]
test.each(userSigs)('a userSig %s is refused', async (_title, userSig, code) => {
  const client = await connect()
  client.send(hello('mallory', { token: userSig() }))
  expect(await client.receive()).toMatchObject({ type: 'error', error: { code } })
  expect(await client.closed()).toBe(4401)
  expect(client.frames).toEqual([])
  await expectAlive()
})

test("generateUserSig makes the userSig of Tencent's package", () => {
  const theirs = tencent.genUserSig('zoe & 9', 1000)
  const now = Number(unpack(theirs)['TLS.time']) * 1000
  expect(generateUserSig(app, { userID: 'zoe & 9', expireSeconds: 1000, now })).toBe(theirs)
  expect(verifyUserSig(app, theirs, now)).toEqual({
    ok: true,
    userID: 'zoe & 9',
    expiresAt: now + 1_000_000
  })
  expect(verifyUserSig(app, theirs, now + 1_000_000)).toMatchObject({ error: { code: 70001 } })
})

test("a userSig of Tencent's package is accepted", async () => {
  for (const token of [
    tencent.genUserSig('mallory', 1000),
    tencent.genPrivateMapKey('mallory', 1000, 1, 255)
  ]) {
    const client = await connect()
    client.send(hello('mallory', { token }))
    expect((await client.next('welcome')).userID).toBe('mallory')
  }
})
