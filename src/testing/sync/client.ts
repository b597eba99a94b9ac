/**
 * A client of the protocol that does nothing by itself: it says what it is told to say, keeps what it hears, and holds the
 * server to the rules of deltas. A broken rule shows where the test takes the next message.
 */

import { kernelVersion } from '../../kernel/decide.ts'
import type { GroupRow, MemberRow, SettingsRow } from '../../kernel/model.ts'
import type { TipRow } from '../../kernel/notices.ts'
import { rowsOf } from '../../protocol/column-block.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { digestVersion, positionDigest } from '../../protocol/digest.ts'
import {
  parseServerMessage,
  protocolVersion,
  type DeltaMessage,
  type FeedDelta,
  type FeedEvent,
  type GroupDelta,
  type MembersMessage,
  type PushedOperation,
  type ServerMessage
} from '../../protocol/messages.ts'
import type { Connect } from '../../protocol/port.ts'

/** A group as it was told, and how. */
export type ToldGroup = {
  readonly groupID: string
  readonly membershipEpoch: number
  seq: number
  row: GroupRow | undefined
  settings: SettingsRow | undefined
  isComplete: boolean
  readonly members: Map<string, MemberRow>
  readonly tips: TipRow[]
}

/** Where a client says it stands. */
export type Stand = {
  readonly epoch: string
  readonly feed: number
  readonly groups: [groupID: string, membershipEpoch: number, seq: number][]
}
export const nowhere: Stand = { epoch: '', feed: 0, groups: [] }

type Check = NonNullable<Extract<ClientMessage, { type: 'ping' }>['check']>
export type SyncClient = Awaited<ReturnType<typeof openClient>>
type Hello = Extract<ClientMessage, { type: 'hello' }>

export async function openClient(connect: Connect) {
  const groups = new Map<string, ToldGroup>()
  /** The last membership that was told, also of groups that are gone. */
  const memberships = new Map<string, number>()
  const events: FeedEvent[] = []
  let epoch = ''
  let feed = 0
  const unread: ServerMessage[] = []
  const broken: string[] = []
  let isOver = false
  let news: () => void = () => undefined

  const rule = (holds: boolean, words: string): void => {
    if (!holds) broken.push(words)
  }

  function hear(frame: string): void {
    const message = parseServerMessage(frame)
    if (!message) return void broken.push(`not a message of the protocol: ${frame.slice(0, 200)}`)
    unread.push(message)
    if (message.type === 'welcome') begin(message)
    else if (message.type === 'delta') take(message)
    else if (message.type === 'members') takePage(message)
    else if (message.type === 'pong')
      rule(
        message.feed === feed && message.groups === positionDigest(groups.values()),
        'the server is mistaken about where one stands'
      )
  }

  function begin(welcome: Extract<ServerMessage, { type: 'welcome' }>): void {
    epoch = welcome.epoch
    if (welcome.known) return
    feed = 0
    groups.clear()
    memberships.clear()
  }

  function take({ feed: told, groups: deltas, verdicts }: DeltaMessage): void {
    if (told) takeFeed(told)
    for (const delta of deltas) takeGroup(delta)
    for (const verdict of verdicts) {
      const held = verdict.kind === 'rejected' ? undefined : groups.get(verdict.groupID)
      if (held && verdict.kind !== 'rejected')
        rule(held.seq >= verdict.seq, `a verdict of ${verdict.seq} came before its rows`)
    }
  }

  function takeFeed({ from, to, events: told }: FeedDelta): void {
    rule(from === 0 || from === feed, `the feed goes on from ${from} and not from ${feed}`)
    if (from === 0) {
      const followed = new Set(told.map(event => (event.kind === 'joined' ? event.groupID : '')))
      for (const groupID of groups.keys()) if (!followed.has(groupID)) groups.delete(groupID)
    } else
      rule(
        told.length === to - from && told.every(({ fseq }, index) => fseq === from + index + 1),
        'the feed has a hole'
      )
    feed = to
    for (const event of told) {
      events.push(event)
      if (event.kind === 'joined') join(event)
      if (event.kind === 'left') groups.delete(event.groupID)
    }
  }

  function join({ groupID, membershipEpoch }: { groupID: string; membershipEpoch: number }): void {
    if (groups.get(groupID)?.membershipEpoch === membershipEpoch) return
    rule(
      membershipEpoch > (memberships.get(groupID) ?? 0) || feed === 0,
      `membership ${membershipEpoch} of ${groupID} came a second time`
    )
    hold({ groupID, membershipEpoch, seq: 0 })
  }

  function hold(group: Pick<ToldGroup, 'groupID' | 'membershipEpoch' | 'seq'>): void {
    memberships.set(group.groupID, group.membershipEpoch)
    groups.set(group.groupID, {
      ...group,
      row: undefined,
      settings: undefined,
      isComplete: false,
      members: new Map(),
      tips: []
    })
  }

  function takeGroup({
    groupID,
    membershipEpoch,
    from,
    to,
    group,
    members,
    gone,
    complete,
    settings,
    tips
  }: GroupDelta): void {
    const held = groups.get(groupID)
    if (held?.membershipEpoch !== membershipEpoch)
      return rule(
        membershipEpoch <= (memberships.get(groupID) ?? 0),
        `${groupID} was told before the feed said so`
      )
    rule(from <= held.seq, `${groupID} goes on from ${from} and not from ${held.seq}`)
    if (to < held.seq || (to === held.seq && from > 0)) return
    if (from === 0) held.members.clear()
    for (const member of members) held.members.set(member.userID, member)
    for (const userID of gone) held.members.delete(userID)
    for (const tip of tips) if (tip.seq > (held.tips.at(-1)?.seq ?? 0)) held.tips.push(tip)
    held.seq = to
    held.row = group
    held.settings = settings ?? held.settings
    held.isComplete = from === 0 ? complete : held.isComplete
    if (held.isComplete)
      rule(
        held.members.size === group.memberNum,
        `${groupID} has ${held.members.size} of ${group.memberNum}`
      )
  }

  function takePage({ groupID, membershipEpoch, asOf, members, next }: MembersMessage): void {
    const held = groups.get(groupID)
    if (!held) return rule(false, `members of ${groupID}, of which nothing was told`)
    rule(
      held.membershipEpoch === membershipEpoch && held.seq === asOf,
      `a page of ${asOf} came to who stands at ${held.seq}`
    )
    for (const member of rowsOf(members)) held.members.set(member.userID, member)
    if (next !== null) return
    held.isComplete = true
    rule(
      held.members.size === held.row?.memberNum,
      `the pages of ${groupID} have ${held.members.size} members`
    )
  }

  let link: ReturnType<Connect> | undefined
  await new Promise<void>((resolve, reject) => {
    link = connect({
      onOpen: resolve,
      onFrame(frame) {
        hear(frame)
        news()
      },
      onClose() {
        isOver = true
        news()
        reject(new Error('the connection did not come about'))
      }
    })
  })

  const client = {
    groups: groups as ReadonlyMap<string, ToldGroup>,
    /** What the feed has told, in order. */
    events: events as readonly FeedEvent[],
    stand: (): Stand => ({
      epoch,
      feed,
      groups: [...groups.values()].map(({ groupID, membershipEpoch, seq }) => [
        groupID,
        membershipEpoch,
        seq
      ])
    }),
    send(...messages: (ClientMessage | Record<string, unknown> | string)[]): void {
      for (const message of messages)
        link?.send(typeof message === 'string' ? message : JSON.stringify(message))
    },
    /** The next message; `undefined` at the end of the connection. */
    async take(): Promise<ServerMessage | undefined> {
      for (;;) {
        if (broken.length > 0) throw new Error(broken.join('; '))
        const message = unread.shift()
        if (message || isOver) return message
        await new Promise<void>(resolve => (news = resolve))
      }
    },
    /** The next message of this type. */
    async next<T extends ServerMessage['type']>(
      type: T
    ): Promise<Extract<ServerMessage, { type: T }>> {
      for (;;) {
        const message = await client.take()
        if (!message) throw new Error(`the connection ended before ${type}`)
        // Told by its type.
        if (message.type === type) return message as Extract<ServerMessage, { type: T }>
        if (message.type === 'error') throw new Error(JSON.stringify(message.error))
      }
    },
    /** The code of the error that the connection ends with. */
    async refusal(): Promise<number | undefined> {
      let code: number | undefined
      for (let message = await client.take(); message; message = await client.take())
        code = message.type === 'error' ? message.error.code : code
      return code
    },
    /** Says hello, and where it stands, and hears everything up to now. */
    async login(hello: Pick<Hello, 'token'> & Partial<Hello>) {
      feed = hello.feed ?? 0
      for (const [groupID, membershipEpoch, seq] of hello.groups ?? [])
        hold({ groupID, membershipEpoch, seq })
      client.send({
        type: 'hello',
        protocol: protocolVersion,
        kernel: kernelVersion,
        ...nowhere,
        ...hello
      })
      const welcome = await client.next('welcome')
      const deltas: DeltaMessage[] = []
      do deltas.push(await client.next('delta'))
      while (!deltas.at(-1)?.caughtUp)
      return { welcome, deltas }
    },
    /** Pushes operations in one frame, and hears what becomes of each. */
    async judge(...operations: PushedOperation[]): Promise<(Verdict | 'retry')[]> {
      client.send({ type: 'push', operations })
      const outcomes: { opID: string; outcome: Verdict | 'retry' }[] = []
      while (outcomes.length < operations.length) {
        const { verdicts, retry } = await client.next('delta')
        outcomes.push(...verdicts.map(verdict => ({ opID: verdict.opID, outcome: verdict })))
        outcomes.push(...retry.map(opID => ({ opID, outcome: 'retry' as const })))
      }
      const place = ({ opID }: { opID: string }) =>
        operations.findIndex(operation => operation.opID === opID)
      return outcomes.sort((a, b) => place(a) - place(b)).map(({ outcome }) => outcome)
    },
    /** What is told before the answer to a ping: everything that others were given verdicts for before. */
    async told(check?: Omit<Check, 'version'> & Partial<Check>): Promise<ServerMessage[]> {
      client.send({ type: 'ping', ...(check && { check: { version: digestVersion, ...check } }) })
      const before: ServerMessage[] = []
      for (;;) {
        const message = await client.take()
        if (!message) throw new Error('the connection ended before pong')
        if (message.type === 'pong') return before
        before.push(message)
      }
    },
    close: () => link?.close()
  }
  return client
}
