/**
 * A dishonest client. It speaks the protocol and stays within its rates, but sends operation IDs
 * of other users, predecessors and groups that do not exist, and positions of the future.
 */

import { kernelVersion } from '../../src/kernel/decide.ts'
import type { Verdict } from '../../src/kernel/verdict.ts'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { protocolVersion, type PushedOperation } from '../../src/protocol/messages.ts'
import type { Session } from '../../src/server/sessions/session-port.ts'
import type { SimulatedServer } from './server.ts'
import { tokenOf } from './tokens.ts'
import type { Scene } from './workload.ts'
import type { World } from './world.ts'

type Received = {
  readonly type: string
  readonly verdicts?: readonly Verdict[]
  readonly retry?: readonly string[]
}

/** The server answers each operation of a connection within this time. */
const answerWithinMs = 60_000

export type CrafterOptions = {
  readonly userID: string
  readonly scene: Scene
  readonly gapMs: number
}

export function createCrafter(
  world: World,
  server: SimulatedServer,
  { userID, scene, gapMs }: CrafterOptions
) {
  const random = world.random('crafter')
  let isRunning = true
  let count = 0
  const own: string[] = []

  const others = () => [...server.history().applied.values()].map(({ opID }) => opID)
  const anyID = () => random.pickFrom(random.chance(0.5) ? own : others()) ?? 'nonsense'
  const anyGroup = () =>
    (random.chance(0.85) ? random.pickFrom(scene.groupIDs) : undefined) ??
    `nobody's ${random.below(9)}`
  const anyUser = () => random.pickFrom(scene.users) ?? userID
  const anyNumber = () => random.pick([0, 1, 2, 5, 1000, Number.MAX_SAFE_INTEGER])

  function operation(): PushedOperation {
    const groupID = anyGroup()
    const name = random.pick([
      'joinGroup',
      'quitGroup',
      'createGroup',
      'updateGroupProfile',
      'addGroupMember',
      'dismissGroup',
      'x'
    ])
    const opID = random.chance(0.7) ? `crafted ${count++}` : anyID()
    own.push(opID)
    return {
      opID,
      name,
      groupID,
      args: random.pick<Record<string, unknown>>([
        {
          groupID,
          name: `crafted ${count}`,
          type: random.pick(['Public', 'Private', 'AVChatRoom']),
          userIDList: [anyUser()]
        },
        { groupID },
        { groupID: anyGroup(), name: 5, toString: 'x' },
        {}
      ]),
      seen: anyNumber(),
      waitedSeconds: random.chance(0.9) ? 0 : anyNumber(),
      ...(random.chance(0.3) && { after: anyID() })
    }
  }

  function message(): ClientMessage {
    const lottery = random.below(20)
    const [groupID, seq, membershipEpoch] = [anyGroup(), anyNumber(), random.below(4)]
    if (lottery < 14)
      return { type: 'push', operations: Array.from({ length: 1 + random.below(3) }, operation) }
    if (lottery < 16)
      return { type: 'members', groupID, after: random.pick(['', anyUser(), '~']), limit: 1 }
    if (lottery < 17) return { type: 'read', request: seq, groupID, search: random.chance(0.5) }
    return {
      type: 'ping',
      ...(lottery < 19 && {
        check: { groupID, membershipEpoch, seq, digest: random.below(10), version: random.below(3) }
      })
    }
  }

  const hello = (): ClientMessage => ({
    type: 'hello',
    protocol: protocolVersion,
    kernel: kernelVersion,
    token: tokenOf(userID, world.now() + random.pick([5000, 60_000])),
    epoch: random.pick(['', server.history().epoch, 'another']),
    feed: random.pick([0, anyNumber()]),
    groups: scene.groupIDs.map(groupID => [groupID, random.below(4), anyNumber()]),
    pending: [...new Set([anyID(), anyID()])]
  })

  function connect(): void {
    if (!isRunning) return
    const waiting = new Map<string, () => void>()
    let isOpen = true
    const over = () => {
      if (!isOpen) return
      isOpen = false
      for (const stop of waiting.values()) stop()
      world.at(world.now() + 500 + random.around(2000), connect)
    }
    const session: Session | undefined = server.open(
      {
        send: frame => void world.at(world.now() + 1 + random.around(10), () => receive(frame)),
        close: over
      },
      over
    )
    if (!session) return over()

    function receive(frame: string): void {
      const { type, verdicts = [], retry = [] } = JSON.parse(frame) as Received
      if (type !== 'delta') return
      for (const opID of [...verdicts.map(verdict => verdict.opID), ...retry]) {
        waiting.get(opID)?.()
        waiting.delete(opID)
      }
    }
    function send(message: ClientMessage): void {
      if (message.type === 'push')
        for (const { opID } of message.operations) {
          waiting.get(opID)?.()
          const late = () =>
            world.violate(
              'I4',
              `${opID} of ${userID} is not answered within ${answerWithinMs / 1000} s`
            )
          waiting.set(
            opID,
            world.at(world.now() + answerWithinMs, () => isOpen && late())
          )
        }
      world.at(
        world.now() + 1 + random.around(10),
        () => isOpen && session?.receive(JSON.stringify(message))
      )
    }
    function goOn(): void {
      if (!isOpen) return
      if (!isRunning || random.chance(0.02)) {
        session?.closed()
        return over()
      }
      send(message())
      world.at(world.now() + random.around(gapMs), goOn)
    }
    send(hello())
    world.at(world.now() + random.around(gapMs), goOn)
  }

  world.at(world.now() + 100, connect)
  return { heal: () => void (isRunning = false) }
}
