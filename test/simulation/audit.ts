/** Checks every frame that a session sends: its recipient, its time and its verdicts. */

import { isDeepStrictEqual } from 'node:util'
import type { Verdict } from '../../src/kernel/verdict.ts'
import { readToken } from './tokens.ts'
import type { World } from './world.ts'

type SentGroup = {
  readonly groupID: string
  readonly group: { readonly type: string }
  readonly members: readonly { readonly userID: string }[]
  readonly gone: readonly string[]
}
type SentFrame = {
  readonly type: string
  readonly groups?: readonly SentGroup[]
  readonly verdicts?: readonly Verdict[]
}

/** A server refuses a frame that is malformed, too long, or a second `hello`. */
export const refusesFrame = (frame: string): boolean =>
  frame.startsWith('{"type":"error"') && frame.includes('"BadFrame"')

export type Audit = ReturnType<typeof createAudit>

/** `verdicts` holds all that were sent in the present epoch. */
export function createAudit(world: World, verdicts: Map<string, Verdict>) {
  let userID = ''
  let untilMs = -Infinity

  function checkGroup({ groupID, group, members, gone }: SentGroup): void {
    if (group.type !== 'AVChatRoom') return
    const others = [...members.map(member => member.userID), ...gone].filter(
      each => each !== userID
    )
    if (others.length > 0)
      world.violate('I14', `${userID} is sent ${others.join(' ')} in the AVChatRoom ${groupID}`)
  }

  function checkVerdict(verdict: Verdict): void {
    const key = `${userID}/${verdict.opID}`
    const earlier = verdicts.get(key)
    if (earlier && !isDeepStrictEqual(earlier, verdict))
      world.violate(
        'I4 server',
        `${key} is ${JSON.stringify(verdict)}, and was ${JSON.stringify(earlier)}`
      )
    verdicts.set(key, verdict)
  }

  return {
    /** A frame arrives from the client. */
    received(frame: string): void {
      if (!/"type":"(hello|auth)"/.test(frame)) return
      const { token = '' } = JSON.parse(frame) as { token?: string }
      const read = readToken(token)
      if (!read || read.untilMs <= world.now() || (userID !== '' && read.userID !== userID)) return
      ;({ userID } = read)
      untilMs = Math.max(untilMs, read.untilMs)
    },
    /** A frame is sent to the client. */
    sent(frame: string): void {
      const isError = frame.startsWith('{"type":"error"')
      if (!isError && world.now() > untilMs)
        world.violate('I13', `${userID} is sent ${frame.slice(0, 80)} after its token ended`)
      const isOfRoom = frame.includes('"AVChatRoom"')
      if (!isOfRoom && !frame.includes('"verdicts":[{')) return
      const message = JSON.parse(frame) as SentFrame
      if (message.type === 'members' && isOfRoom)
        world.violate('I14', `${userID} is sent a page of an AVChatRoom`)
      if (message.type !== 'delta') return
      for (const group of message.groups ?? []) checkGroup(group)
      for (const verdict of message.verdicts ?? []) checkVerdict(verdict)
    }
  }
}
