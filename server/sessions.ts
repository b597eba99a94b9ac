/**
 * One client's connection, whatever carries it: logs the user in, brings the client from where it stands to now,
 * takes operations in, and sends on what concerns it.
 */

import { groupError, type GroupError, type Reason } from '../src/kernel/errors.ts'
import type { Policy } from '../src/kernel/limits.ts'
import type { GroupRow } from '../src/kernel/model.ts'
import {
  frameLimits,
  parseClientMessage,
  protocolVersion,
  type ClientMessage,
  type DeltaMessage,
  type FeedEvent,
  type GroupDelta,
  type ServerMessage
} from '../src/sync/messages.ts'
import type { Announcement, Outcome } from './authority.ts'
import { groupTopic, userTopic, type Bus } from './bus.ts'
import type { Lanes } from './lanes.ts'
import type { Database, Reader } from './port.ts'

/** A new group of at most so many members is sent whole; of a larger one the client fetches the members page by page. */
const membersSentWholeMax = 500
/** Catching up is cut into frames of about this many groups. */
const groupsPerFrame = 100
/** Changes that come together are sent together. */
const coalesceMs = 5
const framesWaitingMax = 200
const helloWithinMs = 10_000

export type Connection = { send(frame: string): void; close(error: GroupError | undefined): void }

export type SessionContext = {
  readonly database: Database
  readonly lanes: Lanes
  readonly bus: Bus
  readonly policy: Policy
  now(): number
  /** Calls back after a while; the returned function prevents it. */
  setTimer(callback: () => void, delayMs: number): () => void
  authenticate(token: string): { ok: true; userID: string; isAppAdmin: boolean } | { ok: false; error: GroupError }
  onError(error: unknown): void
}

export type Session = { receive(frame: string): void; closed(): void }

type User = { readonly userID: string; readonly isAppAdmin: boolean }
/** What the client holds of a group, once it has received what was sent. `seq` 0: nothing yet. */
type Position = { readonly mep: number; seq: number }

export function openSession(context: SessionContext, connection: Connection): Session {
  const { database, lanes, bus, policy, now } = context
  let user: User | undefined
  let feed = 0
  const positions = new Map<string, Position>()
  const subscriptions = new Map<string, () => void>()
  /** Where the client's position and the announcements do not meet, and the database has to tell. */
  const stale = { feed: false, groups: new Set<string>() }
  let outgoing = emptyDelta()
  let isOpen = true
  /** Whether the client has caught up; until then announcements are only noted. */
  let isLive = false
  let framesWaiting = 0
  let stopFlush: (() => void) | undefined
  let work: Promise<void> = Promise.resolve()
  const stopHelloTimer = context.setTimer(() => user ?? end('NotReady'), helloWithinMs)

  function send(message: ServerMessage): void {
    if (isOpen) connection.send(JSON.stringify(message))
  }

  function end(reason: Reason | GroupError): void {
    const error = typeof reason === 'string' ? groupError(reason) : reason
    send({ type: 'error', error })
    close()
    connection.close(error)
  }

  function close(): void {
    isOpen = false
    stopHelloTimer()
    stopFlush?.()
    for (const stop of subscriptions.values()) stop()
    subscriptions.clear()
  }

  /** One thing at a time: what is sent depends on what was sent before. */
  function inTurn(task: () => Promise<void>): void {
    work = work.then(async () => {
      if (!isOpen) return
      try {
        await task()
      } catch (error) {
        // Expected: the database is away. The client comes back and continues where it stands.
        context.onError(error)
        end('ServerBusy')
      }
    })
  }

  // ── receiving ─────────────────────────────────────────────────────────────

  async function handle(message: ClientMessage): Promise<void> {
    if (message.type === 'hello') return user ? end('BadFrame') : hello(message)
    if (!user) return end('NotReady')
    if (message.type === 'push') return push(user, message.operations)
    if (message.type === 'members') return members(user, message)
    if (message.type === 'read') return read(user, message)
    send({ type: 'pong', serverTime: now() })
  }

  async function hello(message: Extract<ClientMessage, { type: 'hello' }>): Promise<void> {
    if (message.protocol !== protocolVersion) return end('ProtocolTooOld')
    const login = context.authenticate(message.token)
    if (!login.ok) return end(login.error)
    stopHelloTimer()
    user = login
    const { userID, isAppAdmin } = login
    const { epoch } = database
    send({ type: 'welcome', protocol: protocolVersion, epoch, serverTime: now(), userID, isAppAdmin, policy })
    const isKnown = message.epoch === epoch
    await catchUp(login, isKnown ? message.feed : 0, isKnown ? message.groups : {})
  }

  async function catchUp(
    { userID }: User,
    from: number,
    held: Readonly<Record<string, readonly [number, number]>>
  ): Promise<void> {
    // Subscribed before anything else is read: what changes in between is heard, and read again afterwards.
    subscribe(userTopic(userID))
    for (const { groupID } of await database.snapshot(reader => reader.followed(userID))) subscribe(groupTopic(groupID))
    const changed = await database.snapshot(async reader => {
      const followed = await reader.followed(userID)
      feed = await reader.feedHead(userID)
      // Who has nothing needs no history, only what is.
      const events: FeedEvent[] =
        from === 0 ? followed.map(({ groupID, mep }) => ({ kind: 'joined', groupID, mep })) : await reader.feedSince(userID, from)
      if (feed !== from) outgoing.feed = { from, to: feed, events }
      for (const { groupID, mep } of followed) {
        const position = held[groupID]
        positions.set(groupID, { mep, seq: position?.[0] === mep ? position[1] : 0 })
        subscribe(groupTopic(groupID))
      }
      return followed.filter(({ groupID, seq }) => positions.get(groupID)?.seq !== seq).map(({ groupID }) => groupID)
    })
    for (let start = 0; start < changed.length; start += groupsPerFrame) {
      const part = changed.slice(start, start + groupsPerFrame)
      await database.snapshot(async reader => {
        for (const groupID of part) await readGroup(reader, userID, groupID, { membersMax: 0 })
      })
      if (start + groupsPerFrame < changed.length) sendOutgoing()
    }
    outgoing.caughtUp = true
    sendOutgoing()
    isLive = true
    if (stale.feed || stale.groups.size > 0) flushSoon()
  }

  function push({ userID, isAppAdmin }: User, operations: Extract<ClientMessage, { type: 'push' }>['operations']): void {
    for (const operation of operations) {
      const settle = (outcome: Outcome) => {
        if (outcome.kind === 'verdict') outgoing.verdicts.push(outcome.verdict)
        else outgoing.retry.push(operation.opID)
        flushSoon()
      }
      lanes.submit({ userID, isAppAdmin, operation, settle })
    }
  }

  async function members(
    { userID }: User,
    { groupID, after, limit }: Extract<ClientMessage, { type: 'members' }>
  ): Promise<void> {
    const position = positions.get(groupID)
    // Somebody who is not in the group learns nothing, not even that the group exists.
    if (!position) return
    await database.snapshot(async reader => {
      // The page speaks of the group as it is now; the client gets there first.
      await readGroup(reader, userID, groupID, { membersMax: 0 })
      sendOutgoing()
      const { row } = await reader.group(groupID)
      if (row?.type === 'AVChatRoom') return
      const rows = await reader.membersAfter(groupID, after, limit)
      const next = rows.length === limit ? (rows.at(-1)?.userID ?? null) : null
      send({ type: 'members', groupID, mep: position.mep, asOf: position.seq, members: rows, next })
    })
  }

  async function read({ isAppAdmin }: User, { request, groupID }: Extract<ClientMessage, { type: 'read' }>): Promise<void> {
    const { row } = await database.snapshot(reader => reader.group(groupID))
    const isIn = positions.has(groupID) || isAppAdmin
    const answer = row ? profileFor(row, isIn) : groupError('GroupNotFound')
    send({ type: 'profile', request, answer })
  }

  // ── sending ───────────────────────────────────────────────────────────────

  function subscribe(topic: string): void {
    if (isOpen && !subscriptions.has(topic)) subscriptions.set(topic, bus.subscribe(topic, hear))
  }

  function hear(announcement: Announcement): void {
    if (!user) return
    const news = announcement.feeds.get(user.userID)
    if (news && isLive && !stale.feed && news.from === feed) takeFeed(news)
    else if (news) stale.feed = true
    const { groupID, from, to, group, members, gone } = announcement
    const position = positions.get(groupID)
    if (position && group && isLive && from > 0 && position.seq === from && !stale.groups.has(groupID)) {
      outgoing.groups.push({
        groupID,
        mep: position.mep,
        from,
        to,
        group,
        members: visible(group, members, user.userID),
        gone: [...gone],
        complete: false
      })
      position.seq = to
    } else stale.groups.add(groupID)
    if (isLive) flushSoon()
  }

  function takeFeed({ from, to, events }: NonNullable<DeltaMessage['feed']>): void {
    outgoing.feed = { from: outgoing.feed?.from ?? from, to, events: [...(outgoing.feed?.events ?? []), ...events] }
    feed = to
    for (const event of events) {
      const topic = groupTopic(event.groupID)
      if (event.kind === 'joined') {
        positions.set(event.groupID, { mep: event.mep, seq: 0 })
        stale.groups.add(event.groupID)
        subscribe(topic)
      } else {
        positions.delete(event.groupID)
        stale.groups.delete(event.groupID)
        subscriptions.get(topic)?.()
        subscriptions.delete(topic)
      }
    }
  }

  function flushSoon(): void {
    stopFlush ??= context.setTimer(() => {
      stopFlush = undefined
      inTurn(flush)
    }, coalesceMs)
  }

  async function flush(): Promise<void> {
    const { userID } = user ?? {}
    if (userID === undefined) return
    if (stale.feed || stale.groups.size > 0) {
      await database.snapshot(async reader => {
        if (stale.feed) {
          const to = await reader.feedHead(userID)
          const events = await reader.feedSince(userID, feed)
          stale.feed = false
          if (to > feed) takeFeed({ from: feed, to, events })
        }
        for (const groupID of stale.groups) await readGroup(reader, userID, groupID, { membersMax: membersSentWholeMax })
      })
    }
    sendOutgoing()
  }

  /** Adds what brings the client from its position in a group to the present one. */
  async function readGroup(
    reader: Reader,
    userID: string,
    groupID: string,
    { membersMax }: { membersMax: number }
  ): Promise<void> {
    stale.groups.delete(groupID)
    const position = positions.get(groupID)
    const { row, seq } = await reader.group(groupID)
    // No row: dismissed; the feed says so.
    if (!position || !row || position.seq === seq) return
    const delta =
      position.seq === 0 ? await wholeGroup(reader, userID, row, membersMax) : await reader.changedSince(groupID, position.seq)
    outgoing.groups.push({
      groupID,
      mep: position.mep,
      from: position.seq,
      to: seq,
      group: row,
      members: visible(row, delta.members, userID),
      gone: delta.gone,
      complete: 'complete' in delta
    })
    position.seq = seq
  }

  function sendOutgoing(): void {
    const delta = outgoing
    outgoing = emptyDelta()
    if (delta.feed || delta.groups.length + delta.verdicts.length + delta.retry.length > 0 || delta.caughtUp) {
      send({ type: 'delta', serverTime: now(), ...delta })
    }
  }

  return {
    receive(frame) {
      const message = frame.length > frameLimits.toServerBytesMax ? undefined : parseClientMessage(frame)
      if (!message) return end('BadFrame')
      if (++framesWaiting > framesWaitingMax) return end('TooFrequent')
      inTurn(async () => {
        framesWaiting--
        await handle(message)
      })
    },
    closed: close
  }
}

/** Who is not in a group may know what a search shows; of a Private group, nothing. */
function profileFor(row: GroupRow, isIn: boolean): GroupRow | GroupError {
  if (isIn) return row
  return row.type === 'Private' ? groupError('NotPermitted') : { ...row, muteAllMembers: false, groupCustomField: [] }
}

type Outgoing = { -readonly [K in keyof Omit<DeltaMessage, 'type' | 'serverTime'>]: DeltaMessage[K] }
const emptyDelta = (): Outgoing => ({ groups: [], verdicts: [], retry: [], caughtUp: false })

async function wholeGroup(
  reader: Reader,
  userID: string,
  row: GroupRow,
  membersMax: number
): Promise<{ members: GroupDelta['members']; gone: string[]; complete?: true }> {
  const { groupID, memberNum, ownerID } = row
  if (memberNum <= membersMax) return { members: await reader.membersAfter(groupID, '', membersMax), gone: [], complete: true }
  const known = await reader.members(groupID, [...new Set([userID, ownerID])].filter(Boolean))
  return { members: known.flatMap(member => member.row ?? []), gone: [] }
}

/** Of the people in an audio-video chat room, nobody is told but oneself. */
function visible(group: GroupRow, members: readonly GroupDelta['members'][number][], userID: string): GroupDelta['members'] {
  return group.type === 'AVChatRoom' ? members.filter(member => member.userID === userID) : [...members]
}
