/** What a session of the server says, looked at from outside: to whom, whether it may, and whether it said otherwise before. */

import { isDeepStrictEqual } from 'node:util'
import type { Verdict } from '../../src/kernel/verdict.ts'
import { readToken } from './tokens.ts'
import type { World } from './world.ts'

type GroupSaid = {
  readonly groupID: string
  readonly group: { readonly type: string }
  readonly members: readonly { readonly userID: string }[]
  readonly gone: readonly string[]
}
type Said = {
  readonly type: string
  readonly groups?: readonly GroupSaid[]
  readonly verdicts?: readonly Verdict[]
}

/** A server refuses a frame that is malformed, too long, or a second `hello`. */
export const refusesFrame = (frame: string): boolean =>
  frame.startsWith('{"type":"error"') && frame.includes('"BadFrame"')

export type Audit = ReturnType<typeof createAudit>

/** `verdicts`: all that was ever said about operations, in the present epoch. */
export function createAudit(world: World, verdicts: Map<string, Verdict>) {
  let userID = ''
  let untilMs = -Infinity

  function checkGroup({ groupID, group, members, gone }: GroupSaid): void {
    if (group.type !== 'AVChatRoom') return
    const others = [...members.map(member => member.userID), ...gone].filter(
      each => each !== userID
    )
    if (others.length > 0)
      world.violate('I14', `${userID} is told of ${others.join(' ')} in the AVChatRoom ${groupID}`)
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
    heard(frame: string): void {
      if (!/"type":"(hello|auth)"/.test(frame)) return
      const { token = '' } = JSON.parse(frame) as { token?: string }
      const read = readToken(token)
      if (!read || read.untilMs <= world.now() || (userID !== '' && read.userID !== userID)) return
      ;({ userID } = read)
      untilMs = Math.max(untilMs, read.untilMs)
    },
    /** A frame is sent to the client. */
    said(frame: string): void {
      const isError = frame.startsWith('{"type":"error"')
      if (!isError && world.now() > untilMs)
        world.violate('I13', `${userID} is sent ${frame.slice(0, 80)} after its token ended`)
      const isOfRoom = frame.includes('"AVChatRoom"')
      if (!isOfRoom && !frame.includes('"verdicts":[{')) return
      const said = JSON.parse(frame) as Said
      if (said.type === 'members' && isOfRoom)
        world.violate('I14', `${userID} is sent a page of an AVChatRoom`)
      if (said.type !== 'delta') return
      for (const group of said.groups ?? []) checkGroup(group)
      for (const verdict of said.verdicts ?? []) checkVerdict(verdict)
    }
  }
}
