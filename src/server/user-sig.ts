/** Tencent's userSig (TLSSigAPIv2): the ID of a user, signed with the key of the app. */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import * as v from 'valibot'
import { isUserID } from '../kernel/ids.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'

/** The app of Tencent IM that users log in to. */
export type App = {
  /** The number of the app, as in `TIM.create({ SDKAppID })`. */
  readonly sdkAppID: number
  /** The key that signs and verifies userSigs. It must never leave the server. */
  readonly secretKey: string
}

/** A userSig is valid for at most 180 days, the default of Tencent's own library. */
export const userSigSecondsMax = 180 * 86_400
/** The clock of the app's backend may be ahead of the server's by this much. */
const clockToleranceSeconds = 300

/**
 * Returns the userSig with which `userID` logs in. It is valid for `expireSeconds` (default: 7
 * days, at most 180 days). It grants access as that user, so authenticate the user first.
 * Throws a `RangeError` for a `userID` or an `expireSeconds` that no server accepts.
 *
 * @example
 * const app = { sdkAppID: 1400000000, secretKey: 'a secret' }
 * const userSig = generateUserSig(app, { userID: 'ann' })
 */
export function generateUserSig(
  { sdkAppID, secretKey }: App,
  {
    userID,
    expireSeconds = 604_800,
    now = Date.now()
  }: { userID: string; expireSeconds?: number; now?: number }
): string {
  if (!isUserID(userID))
    throw new RangeError(
      `userID: 1 to ${limits.userIDBytesMax} characters of printable ASCII, not all of them spaces`
    )
  if (
    !Number.isSafeInteger(expireSeconds) ||
    expireSeconds < 1 ||
    expireSeconds > userSigSecondsMax
  )
    throw new RangeError(`expireSeconds: a whole number from 1 to ${userSigSecondsMax}`)
  const time = Math.floor(now / 1000)
  const signed = {
    'TLS.ver': '2.0',
    'TLS.identifier': userID,
    'TLS.sdkappid': sdkAppID,
    'TLS.time': time,
    'TLS.expire': expireSeconds
  }
  const json = JSON.stringify({
    ...signed,
    'TLS.sig': signature(secretKey, signed).toString('base64')
  })
  return deflateSync(json)
    .toString('base64')
    .replace(/[+/=]/g, character => encoded[character] ?? '')
}

const encoded: Record<string, string> = { '+': '*', '/': '-', '=': '_' }
const decoded: Record<string, string> = { '*': '+', '-': '/', _: '=' }

const content = v.object({
  'TLS.identifier': v.string(),
  'TLS.sdkappid': v.number(),
  'TLS.time': v.number(),
  'TLS.expire': v.number(),
  'TLS.sig': v.string(),
  // Without line breaks: the signed text has a line per field, and must not be ambiguous.
  'TLS.userbuf': v.exactOptional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/=]*$/)))
})
type Signed = Omit<v.InferOutput<typeof content>, 'TLS.sig'>

export function verifyUserSig(
  { sdkAppID, secretKey }: App,
  userSig: string,
  nowMs: number
): { ok: true; userID: string; expiresAt: number } | { ok: false; error: GroupError } {
  const refuse = (reason: Parameters<typeof groupError>[0]) =>
    ({ ok: false, error: groupError(reason) }) as const
  if (userSig === '') return refuse('TokenEmpty')
  const read = v.safeParse(content, unpack(userSig))
  if (!read.success) return refuse('TokenMalformed')
  const { 'TLS.sig': sig, ...signed } = read.output
  if (signed['TLS.sdkappid'] !== sdkAppID) return refuse('TokenOfOtherApp')
  const expected = signature(secretKey, signed)
  const given = Buffer.from(sig, 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return refuse('TokenMismatch')
  const {
    'TLS.identifier': userID,
    'TLS.time': issuedAtSeconds,
    'TLS.expire': validSeconds
  } = signed
  const expiresAt = (issuedAtSeconds + validSeconds) * 1000
  if (nowMs >= expiresAt) return refuse('TokenExpired')
  if (issuedAtSeconds > nowMs / 1000 + clockToleranceSeconds) return refuse('TokenFromFuture')
  if (validSeconds > userSigSecondsMax) return refuse('TokenLastsTooLong')
  return isUserID(userID) ? { ok: true, userID, expiresAt } : refuse('IllegalUserID')
}

function signature(secretKey: string, signed: Signed): Buffer {
  const lines = (
    ['TLS.identifier', 'TLS.sdkappid', 'TLS.time', 'TLS.expire', 'TLS.userbuf'] as const
  ).filter(name => signed[name] !== undefined)
  return createHmac('sha256', secretKey)
    .update(lines.map(name => `${name}:${signed[name]}\n`).join(''))
    .digest()
}

function unpack(userSig: string): unknown {
  const packed = Buffer.from(
    userSig.replace(/[*\-_]/g, character => decoded[character] ?? ''),
    'base64'
  )
  try {
    // A short input can inflate to gigabytes. A real one has 200 to 400 bytes.
    return JSON.parse(inflateSync(packed, { maxOutputLength: 4096 }).toString())
  } catch {
    // Expected: a client may send any text as its userSig.
    return undefined
  }
}
