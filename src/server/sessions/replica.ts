/**
 * What one client holds, as far as it was told, and what it has to be told next: where it stands in the user's feed and
 * in the log of each group. Announcements that continue there go out as they are; where they do not, the database tells.
 *
 * The database may have several connections, so a snapshot may be older than an announcement that comes while it is
 * read. Positions therefore stand still during a read: announcements are held until its end. A snapshot is at least as
 * new as everything that was announced before it began.
 */

import { digestVersion, positionDigest } from '../../protocol/digest.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import type { DeltaMessage, FeedDelta, GroupDelta } from '../../protocol/messages.ts'
import type { Announcement } from '../authority/batch.ts'
import { groupTopic, userTopic } from './bus.ts'
import type { Database, Reader } from '../database/port.ts'
import {
  announcedDelta,
  feedSince,
  groupSince,
  membersSentWholeMax,
  partBytesMax,
  type Stand
} from './replica-deltas.ts'

/** Announcements that a session holds during a read. Of further ones it notes what to read. */
const heldMax = 100
/** What goes to a client at once is about so many groups and so many rows. The rest is read when that has gone. */
const partMax = { groups: 100, rows: 2000 }

type Check = NonNullable<Extract<ClientMessage, { type: 'ping' }>['check']>
type Verdict = DeltaMessage['verdicts'][number]
type Snapshots = Pick<Database, 'snapshot'>
/**
 * `seq`: where the client stands; 0: it has nothing yet. `upTo`: between `seq` and there is nothing that concerns it.
 * `since`: from where on the user is in the group.
 */
type Position = {
  readonly membershipEpoch: number
  readonly since: number
  seq: number
  upTo: number
}

export type Outgoing = {
  -readonly [K in keyof Omit<DeltaMessage, 'type' | 'serverTime'>]: DeltaMessage[K]
}
const emptyDelta = (): Outgoing => ({ groups: [], verdicts: [], retry: [], caughtUp: false })
const nothingStale = () => ({ feed: false, groups: new Set<string>() })

export type Replica = ReturnType<typeof createReplica>

/** `hasRoom`: whether the client takes what is announced; otherwise it is read when the client does. */
type ReplicaOptions = { subscribe(topic: string): () => void; now(): number; hasRoom?(): boolean }

export function createReplica(
  userID: string,
  { subscribe, now, hasRoom = () => true }: ReplicaOptions
) {
  let feed = 0
  const positions = new Map<string, Position>()
  const subscriptions = new Map<string, () => void>()
  /** Where the client's position and the announcements do not meet: the next read brings it. */
  let stale = nothingStale()
  /** How many reads have begun. */
  let reads = 0
  let isReading = false
  let held: Announcement[] = []
  /** Groups that the last read had no room for. */
  let deferred = new Set<string>()
  /** Each with the number of reads that had begun before it. */
  const verdicts: { readonly verdict: Verdict; readonly addedAt: number }[] = []
  /** Whether the client has caught up. */
  let isLive = false
  let outgoing = emptyDelta()
  let isOver = false

  /** Answers whether the topic is new. */
  function listen(topic: string): boolean {
    // A read that goes on when the session has ended may still tell of groups.
    if (isOver || subscriptions.has(topic)) return false
    subscriptions.set(topic, subscribe(topic))
    return true
  }

  function follow(groupID: string, position: Position): void {
    positions.set(groupID, position)
    // The snapshot that told of this group is older than the subscription.
    if (listen(groupTopic(groupID)) && isReading) stale.groups.add(groupID)
  }

  function unfollow(groupID: string): void {
    const topic = groupTopic(groupID)
    positions.delete(groupID)
    stale.groups.delete(groupID)
    // A verdict may wait for rows of the group, and none will come: the next read lets it go.
    stale.feed ||= verdicts.some(({ verdict }) => verdict.groupID === groupID)
    subscriptions.get(topic)?.()
    subscriptions.delete(topic)
  }

  /** A feed from the beginning names every group that the user is in. */
  function keepOnly(events: FeedDelta['events']): void {
    const joined = new Set(events.flatMap(event => (event.kind === 'joined' ? event.groupID : [])))
    for (const groupID of [...positions.keys()]) if (!joined.has(groupID)) unfollow(groupID)
  }

  /** `due`: where groups are noted whose rows the client does not have yet. */
  function takeFeed({ from, to, events }: FeedDelta, due: Set<string>): void {
    // What begins at the beginning replaces all before it.
    const before = from === 0 ? undefined : outgoing.feed
    outgoing.feed = {
      from: before?.from ?? from,
      to,
      events: [...(before?.events ?? []), ...events]
    }
    feed = to
    if (from === 0) keepOnly(events)
    for (const event of events) {
      if (event.kind === 'joined') {
        const { groupID, membershipEpoch, since } = event
        // The client keeps what it holds of this membership.
        const held = positions.get(groupID)
        if (held?.membershipEpoch === membershipEpoch && held.since === since) continue
        follow(groupID, { membershipEpoch, since, seq: 0, upTo: 0 })
        due.add(groupID)
      } else if (event.kind === 'left') unfollow(event.groupID)
    }
  }

  function take(announcement: Announcement): void {
    const { groupID, from, to, group } = announcement
    const news = announcement.feeds.get(userID)
    if (news && news.to > feed) {
      if (!stale.feed && news.from === feed) takeFeed(news, stale.groups)
      else stale.feed = true
    }
    const position = positions.get(groupID)
    // No row: dismissed. The feed says so, as it does of groups that the client does not hold.
    if (!group || !position || to <= position.upTo) return
    // While the feed is not known, the user may have left.
    const isCurrent = !stale.feed && !stale.groups.has(groupID)
    // The database delivers a long one in parts.
    if (!(isCurrent && announcement.bytes <= partBytesMax && from > 0 && position.upTo === from))
      return void stale.groups.add(groupID)
    position.upTo = to
    addGroup(position, announcedDelta(announcement, { userID, ...position }))
  }

  function hold(announcement: Announcement): void {
    if (held.length < heldMax) held.push(announcement)
    else note(announcement)
  }

  /** Has what was announced read later, without keeping it. */
  function note({ feeds, groupID }: Announcement): void {
    stale.feed ||= feeds.has(userID)
    stale.groups.add(groupID)
  }

  function isPartFull(): boolean {
    const rows = outgoing.groups.reduce(
      (sum, { members, gone }) => sum + members.length + gone.length,
      0
    )
    return outgoing.groups.length >= partMax.groups || rows >= partMax.rows
  }

  function takeHeld(): void {
    isReading = false
    const announcements = held
    held = []
    for (const announcement of announcements) takeOrNote(announcement)
  }

  function takeOrNote(announcement: Announcement): void {
    if (hasRoom() && !isPartFull()) take(announcement)
    else note(announcement)
  }

  /** Adds what brings the client from its position in a group to the present one. */
  async function readGroup(
    reader: Reader,
    groupID: string,
    membersMax = membersSentWholeMax
  ): Promise<void> {
    const position = positions.get(groupID)
    if (!position) return
    addGroup(position, await groupSince(reader, { userID, groupID, ...position }, membersMax))
  }

  function addGroup(position: Position, delta: GroupDelta | undefined): void {
    if (!delta) return
    outgoing.groups.push(delta)
    position.seq = position.upTo = delta.to
  }

  /**
   * Brings the client to the present of a snapshot, and has `work` read on in it. Of `listed` groups the client is told
   * the row, and asks for the members.
   */
  async function read<T>(
    database: Snapshots,
    work: (reader: Reader) => Promise<T>,
    listed: readonly string[] = []
  ): Promise<T> {
    // What is noted from here on may be missing in the snapshot.
    const due = stale
    stale = nothingStale()
    deferred = new Set()
    reads++
    isReading = true
    try {
      return await database.snapshot(async reader => {
        // The feed says which groups the user may know: of none may be told before it, or who has left would learn more.
        const { head } = await reader.feed(userID)
        if (head > feed) {
          const followed = await reader.followed(userID)
          takeFeed(
            await feedSince(reader, { userID, from: feed, followed, now: now() }),
            due.groups
          )
        }
        for (const groupID of listed) await readGroup(reader, groupID, 0)
        for (const groupID of due.groups) {
          if (isPartFull()) deferred.add(groupID)
          else await readGroup(reader, groupID)
        }
        for (const groupID of deferred) stale.groups.add(groupID)
        return await work(reader)
      })
    } finally {
      if (isLive) takeHeld()
    }
  }

  /** Whether the client has the rows that a verdict speaks of. */
  function isReady({ verdict, addedAt }: { verdict: Verdict; addedAt: number }): boolean {
    if (verdict.kind === 'rejected' || (positions.get(verdict.groupID)?.seq ?? -1) >= verdict.seq)
      return true
    return reads > addedAt && !deferred.has(verdict.groupID)
  }

  return {
    position: (groupID: string): Readonly<Position> | undefined => positions.get(groupID),
    read,

    /** Brings the client from where it says it stands to now; `send` is called when there is enough for a frame. */
    async catchUp(
      database: Snapshots,
      { feed: from, groups: known }: Stand,
      { groupsPerFrame, send }: { groupsPerFrame: number; send(): unknown }
    ): Promise<void> {
      isReading = true
      // Listened to before anything else is read: what changes in between is heard, and taken in afterwards.
      listen(userTopic(userID))
      for (const { groupID } of await database.snapshot(reader => reader.followed(userID)))
        listen(groupTopic(groupID))
      const changed = await database.snapshot(async reader => {
        const followed = await reader.followed(userID)
        const news = await feedSince(reader, { userID, from, followed, now: now() })
        feed = news.to
        if (news.to !== from) outgoing.feed = news
        for (const { groupID, membershipEpoch, since } of followed) {
          const position = known.get(groupID)
          const seq = position?.membershipEpoch === membershipEpoch ? position.seq : 0
          follow(groupID, { membershipEpoch, since, seq, upTo: seq })
        }
        return followed
          .filter(({ groupID, seq }) => positions.get(groupID)?.seq !== seq)
          .map(({ groupID }) => groupID)
      })
      for (let start = 0; start < changed.length; start += groupsPerFrame) {
        if (isOver) return
        // The list of groups first; their members when the client asks for them.
        await read(database, async () => undefined, changed.slice(start, start + groupsPerFrame))
        // No transaction stays open while the client takes its time.
        if (start + groupsPerFrame < changed.length) await send()
      }
      isLive = true
      takeHeld()
      outgoing.caughtUp = true
      await send()
    },

    /** Takes note of what has changed; answers whether there may be something to send. */
    hear(announcement: Announcement): boolean {
      if (isReading) hold(announcement)
      else takeOrNote(announcement)
      return isLive
    },

    /** Compares with the database: a lost announcement costs time, and nothing else. */
    async checkHeads(reader: Reader): Promise<void> {
      for (const { groupID, seq } of await reader.followed(userID))
        if (seq > (positions.get(groupID)?.upTo ?? seq)) await readGroup(reader, groupID)
    },

    /** What the client holds of a group is sent anew where it is not what it should be. */
    async checkGroup(
      reader: Reader,
      { groupID, membershipEpoch, seq, digest, version }: Check
    ): Promise<void> {
      if (version !== digestVersion) return
      const position = positions.get(groupID)
      const state = await reader.group(groupID)
      // Between `seq` and `upTo` are no changes of the rows that the digest is of.
      if (
        position?.membershipEpoch !== membershipEpoch ||
        position.seq !== seq ||
        state.seq !== position.upTo ||
        state.digest === digest
      )
        return
      position.seq = 0
      await readGroup(reader, groupID)
    },

    /** Where the client stands once it has everything that was sent. */
    stand: () => ({
      feed,
      groups: positionDigest(
        [...positions].map(([groupID, { membershipEpoch, seq }]) => ({
          groupID,
          membershipEpoch,
          seq
        }))
      )
    }),

    /** What a receipt says that the client has seen. */
    seen: () => ({
      feed,
      positions: [...positions.values()].reduce((sum, { upTo }) => sum + upTo, 0)
    }),

    isBehind: () => stale.feed || stale.groups.size > 0,

    addVerdict(verdict: Verdict): void {
      verdicts.push({ verdict, addedAt: reads })
      if (verdict.kind === 'rejected') return
      const { seq } = positions.get(verdict.groupID) ?? {}
      // The feed may still have to tell of the group: an announcement may be lost.
      if (seq === undefined) stale.feed = true
      // The client waits for the position, also where what leads there concerns others.
      else if (verdict.seq > seq) stale.groups.add(verdict.groupID)
    },
    addRetry: (opID: string) => void outgoing.retry.push(opID),

    /** What there is to send; nothing afterwards. Verdicts keep their order, and wait for the rows they speak of. */
    takeOutgoing(): Outgoing | undefined {
      const waiting = verdicts.findIndex(each => !isReady(each))
      outgoing.verdicts = verdicts
        .splice(0, waiting < 0 ? verdicts.length : waiting)
        .map(({ verdict }) => verdict)
      const delta = outgoing
      outgoing = emptyDelta()
      const isEmpty =
        !delta.feed &&
        delta.groups.length + delta.verdicts.length + delta.retry.length === 0 &&
        !delta.caughtUp
      return isEmpty ? undefined : delta
    },

    end(): void {
      isOver = true
      for (const stop of subscriptions.values()) stop()
      subscriptions.clear()
    }
  }
}
