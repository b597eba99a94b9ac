/**
 * Sends mutated frames as first messages, to logged-in sessions, and as bodies of requests. The
 * server must answer each, or end the connection with a code.
 */

import { parseClientMessage } from '../../src/protocol/client-messages.ts'
import { createRandom } from '../simulation/random.ts'
import type { Attackers, AttackerSocket } from './attacker.ts'
import { mutate } from './mutate.ts'
import { validMessages } from './valid-frames.ts'

export type Run = { readonly seed: number; readonly first: number; readonly frames: number }

export type Tally = {
  /** How often the server answered so. */
  readonly answers: Map<string, number>
  /** Frames that the server did not answer as it has to, with the way to send them again. */
  readonly failures: string[]
  /** Operations in frames that the server could read. */
  operations: number
  frames: number
}

const users = ['m0', 'm1', 'm2', 'm3'] as const
const framesPerBlock = 40
const blocksAtOnce = 8
/** A server that has said nothing for so long will not. */
const silentMs = 60_000

/** Blocks of frames are, in turn, of the first kind, of the second, and so on. */
const kinds = [sendFirst, sendLater, sendBodies, sendLater, sendBodies] as const

export async function sendMutated(attackers: Attackers, run: Run): Promise<Tally> {
  const tally: Tally = { answers: new Map(), failures: [], operations: 0, frames: 0 }
  let next = Math.floor(run.first / framesPerBlock)
  const end = Math.ceil((run.first + run.frames) / framesPerBlock)
  await Promise.all(
    Array.from({ length: blocksAtOnce }, async () => {
      while (next < end && tally.failures.length < 10) {
        const block = next++
        const send = kinds[block % kinds.length] ?? sendFirst
        const userID = users[block % users.length] ?? 'm0'
        const frames = Array.from({ length: framesPerBlock }, (_, index) =>
          frameAt(run.seed, block * framesPerBlock + index, userID)
        )
        await send(attackers, { frames, userID, tally, seed: run.seed })
        tally.frames += frames.length
      }
    })
  )
  return tally
}

type Frame = { readonly index: number; readonly bytes: Buffer; readonly text: string }
type Block = {
  readonly frames: readonly Frame[]
  readonly userID: string
  readonly tally: Tally
  readonly seed: number
}

/** The same seed and index make the same frame, but for the tokens in it. */
function frameAt(seed: number, index: number, userID: string): Frame {
  const random = createRandom('frame', seed, index)
  const messages = validMessages({ name: `${seed}-${index}`, userID })
  const [base, other] = [random.pickFrom(messages), random.pickFrom(messages)]
  const bytes = mutate(base?.() ?? {}, other?.() ?? {}, random)
  return { index, bytes, text: bytes.toString() }
}

function count(tally: Tally, answer: string): void {
  tally.answers.set(answer, (tally.answers.get(answer) ?? 0) + 1)
}

function fail({ tally, seed }: Block, { index, text }: Frame, what: string): void {
  const again = `npm run hostile -- --seed ${seed} --first ${index} --frames 1`
  tally.failures.push(`${what}: ${text.slice(0, 2000)}\n  again: ${again}`)
}

/** Whether the server keeps the connection of a known client after this frame. */
function isSurvivable({ bytes, text }: Frame): boolean {
  const message = parseClientMessage(text)
  return (
    message !== undefined &&
    ['push', 'members', 'read', 'readMembers', 'readEntries', 'ping', 'unknown'].includes(
      message.type
    ) &&
    isUtf8(bytes, text)
  )
}
const isUtf8 = (bytes: Buffer, text: string) => Buffer.from(text).equals(bytes)

function countOperations(tally: Tally, text: string): void {
  const message = parseClientMessage(text)
  if (message?.type !== 'push') return
  tally.operations += message.operations.length
}

const silence = Symbol('silence')
async function within<T>(answer: Promise<T>): Promise<T | typeof silence> {
  let stop: NodeJS.Timeout | undefined
  const over = new Promise<typeof silence>(
    resolve => (stop = setTimeout(() => resolve(silence), silentMs))
  )
  const first = await Promise.race([answer, over])
  clearTimeout(stop)
  return first
}

const nameOf = (message: any, code: number | undefined): string =>
  message?.type === 'error' ? `error ${message.error.code}` : (message?.type ?? `closed ${code}`)

/** Each over a connection of its own, before any login. */
async function sendFirst({ socket }: Attackers, block: Block): Promise<void> {
  for (const frame of block.frames) {
    const client = await socket()
    await client.send(frame.bytes)
    const answer = await within(client.until(() => true))
    client.hangUp()
    if (answer === silence) fail(block, frame, 'a first frame was not answered')
    else count(block.tally, `first: ${nameOf(answer, client.code())}`)
  }
}

/** A login costs more than a hundred frames, so most frames that end a session go to others. */
const loginsPerBlock = 2

/** To a session that has logged in: all that can be answered, then one that ends the session. */
async function sendLater(attackers: Attackers, block: Block): Promise<void> {
  const { frames, userID, tally } = block
  const survivable = frames.filter(isSurvivable)
  const others = frames.filter(frame => !isSurvivable(frame))
  // A token may be a good one.
  const fatal = others
    .filter(({ text }) => parseClientMessage(text)?.type !== 'auth')
    .slice(0, loginsPerBlock)
  const login = async () => {
    const client = await attackers.socket()
    await client.login(userID)
    return client
  }
  let client = await login()
  for (const frame of survivable) {
    countOperations(tally, frame.text)
    await client.send(frame.bytes)
  }
  const error = await within(answered(client))
  if (error === silence)
    fail(block, must(survivable.at(-1)), 'frames after a login were not answered')
  // Only what is no message may end a session so.
  else {
    if (error?.code === 4509) fail(block, must(survivable[0]), 'one of 40 valid frames was refused')
    count(tally, error ? `later: error ${error.code}` : 'later: answered')
  }
  for (const frame of fatal) {
    if (client.code() !== undefined) client = await login()
    await client.send(frame.bytes)
    const over = await within(client.closed)
    if (over === silence) fail(block, frame, 'a frame that is no message was not refused')
    else count(tally, `later: closed ${over}`)
  }
  client.hangUp()
  await sendFirst(attackers, { ...block, frames: others.filter(frame => !fatal.includes(frame)) })
}

/** Nothing when a last question is answered, else the error that has ended the session. */
async function answered(client: AttackerSocket): Promise<{ code: number } | undefined> {
  await client.send({ type: 'read', request: 777_777, groupID: 'nowhere', search: false })
  const last = await client.until(({ type, request }) => type === 'error' || request === 777_777)
  if (last === undefined) return { code: client.code() ?? 0 }
  return last.type === 'error' ? last.error : undefined
}

/** As bodies of requests: half of them mutated as a whole, half with a mutated frame in them. */
async function sendBodies({ http, say }: Attackers, block: Block): Promise<void> {
  const { frames, tally, seed } = block
  let session = ''
  for (const frame of frames) {
    session ||= (await say(''))?.session ?? ''
    const body = { session, frames: [frame.text] }
    const random = createRandom('body', seed, frame.index)
    const bytes = frame.index % 2 ? Buffer.from(JSON.stringify(body)) : mutate(body, {}, random)
    const answer = await within(http(bytes))
    if (answer === silence || answer.status === 0 || answer.status === 500) {
      fail(block, frame, `a request was answered ${answer === silence ? 'nothing' : answer.status}`)
      continue
    }
    count(tally, `body: ${answer.status}`)
    // The frame has ended the session, or the session is not known any more.
    if (frame.index % 2 || answer.status === 410) session = ''
  }
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('expected a value')
  return value
}
