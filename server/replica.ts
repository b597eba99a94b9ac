/**
 * What one client holds, as far as it was told, and what it has to be told next: where it stands in the user's feed and
 * in the log of each group. Announcements that continue there go out as they are; where they do not, the database tells.
 */

import type { GroupRow, MemberRow } from '../src/kernel/model.ts'
import { settingsKey } from '../src/kernel/model.ts'
import { standDigest } from '../src/sync/digest.ts'
import type { ClientMessage } from '../src/sync/client-messages.ts'
import type { DeltaMessage, FeedDelta, FeedEvent, GroupDelta } from '../src/sync/messages.ts'
import type { Announcement } from './batch.ts'
import { groupTopic, userTopic } from './bus.ts'
import type { Database, Reader } from './port.ts'

/** A new group of at most so many members is sent whole; of a larger one the client fetches the members page by page. */
const membersSentWholeMax = 500
/** How many tips of a group, and notices of a user, somebody who was away is told. */
const toldAfterwardsMax = 100
const noticesKeptSeconds = 7 * 86_400

/**
 * `seq`: where the client stands; 0: it has nothing yet. `upTo`: between `seq` and there is nothing that concerns it.
 * `since`: from where on the user is in the group.
 */
export type Stand = {
  readonly feed: number
  readonly groups: ReadonlyMap<string, { readonly mep: number; readonly seq: number }>
}
export const nowhere: Stand = { feed: 0, groups: new Map() }
type Followed = Awaited<ReturnType<Reader['followed']>>
type Check = NonNullable<Extract<ClientMessage, { type: 'ping' }>['check']>
type Position = { readonly mep: number; readonly since: number; seq: number; upTo: number }

export type Outgoing = { -readonly [K in keyof Omit<DeltaMessage, 'type' | 'serverTime'>]: DeltaMessage[K] }
const emptyDelta = (): Outgoing => ({ groups: [], verdicts: [], retry: [], caughtUp: false })

export type Replica = ReturnType<typeof createReplica>

export function createReplica(userID: string, { subscribe, now }: { subscribe(topic: string): () => void; now(): number }) {
  let feed = 0
  const positions = new Map<string, Position>()
  const subscriptions = new Map<string, () => void>()
  /** Where the client's position and the announcements do not meet. */
  const stale = { feed: false, groups: new Set<string>() }
  /** Whether the client has caught up; until then announcements are only noted. */
  let isLive = false
  let outgoing = emptyDelta()
  let isOver = false

  function listen(topic: string): void {
    // What is being read when the session ends may still tell of groups.
    if (!isOver && !subscriptions.has(topic)) subscriptions.set(topic, subscribe(topic))
  }

  function follow(groupID: string, position: Position): void {
    positions.set(groupID, position)
    listen(groupTopic(groupID))
  }

  function unfollow(groupID: string): void {
    const topic = groupTopic(groupID)
    positions.delete(groupID)
    stale.groups.delete(groupID)
    subscriptions.get(topic)?.()
    subscriptions.delete(topic)
  }

  function takeFeed({ from, to, events }: FeedDelta): void {
    // What begins at the beginning replaces all before it.
    const before = from === 0 ? undefined : outgoing.feed
    outgoing.feed = { from: before?.from ?? from, to, events: [...(before?.events ?? []), ...events] }
    feed = to
    for (const event of events) {
      if (event.kind === 'joined') {
        const { groupID, mep, since } = event
        follow(groupID, { mep, since, seq: 0, upTo: 0 })
        stale.groups.add(groupID)
      } else if (event.kind === 'left') unfollow(event.groupID)
    }
  }

  function takeGroup(
    position: Position,
    { groupID, from, to, group, members, gone, tips, settings }: Announcement,
    row: GroupRow
  ): void {
    const own = settings.get(userID)
    const visible = visibleMembers(group, members, userID)
    position.upTo = to
    // What somebody has set for themselves concerns nobody else.
    const isNothing = visible.length + gone.length + tips.length === 0 && settings.size > 0 && !own
    if (isNothing) return
    outgoing.groups.push({
      groupID,
      mep: position.mep,
      from: Math.min(from, position.seq),
      to,
      group: row,
      members: visible,
      gone: [...gone],
      complete: false,
      tips: [...tips],
      ...(own && { settings: own })
    })
    position.seq = to
  }

  /** The feed says which groups the user may know: of none may be told before it, or who has left would learn more. */
  async function readFeed(reader: Reader): Promise<void> {
    stale.feed = false
    const { head } = await reader.feed(userID)
    if (head > feed) takeFeed(await feedFrom(reader, feed, await reader.followed(userID)))
  }

  /** Adds what brings the client from its position in a group to the present one. */
  async function readGroup(reader: Reader, groupID: string, membersMax = membersSentWholeMax): Promise<void> {
    stale.groups.delete(groupID)
    const position = positions.get(groupID)
    const { row, seq, floor } = await reader.group(groupID)
    // No row: dismissed; the feed says so.
    if (!position || !row || position.seq === seq) return
    const { mep, since } = position
    const changed = position.seq > 0 && position.seq >= floor ? await reader.changedSince(groupID, position.seq) : undefined
    // What is longer than the whole is not worth telling.
    const isDelta = changed && changed.members.length + changed.gone.length <= Math.max(row.memberNum, 1)
    const from = isDelta ? position.seq : 0
    const { members, gone, complete } = isDelta
      ? { ...changed, complete: false }
      : await wholeGroup(reader, row, userID, membersMax)
    const tips = await reader.tipsSince(groupID, Math.max(from, since - 1), toldAfterwardsMax)
    const own = (await reader.others(groupID, [settingsKey({ groupID, userID })])).find(({ rv }) => rv > from)
    outgoing.groups.push({
      groupID,
      mep,
      from,
      to: seq,
      group: row,
      members: visibleMembers(row, members, userID),
      gone,
      complete: complete && row.type !== 'AVChatRoom',
      tips,
      ...(own?.table === 'settings' && { settings: own.row })
    })
    position.seq = position.upTo = seq
  }

  return {
    position: (groupID: string): Readonly<Position> | undefined => positions.get(groupID),
    readGroup,
    readFeed,

    /** Whether a client can stand where it says: in no future, and with every group that its feed has told of. */
    async knows(reader: Reader, { feed: from, groups: held }: Stand): Promise<boolean> {
      const { head, floor } = await reader.feed(userID)
      if (from > head) return false
      const isTold = from > 0 && from >= floor
      const told = new Set(isTold ? (await reader.feedSince(userID, from)).map(({ groupID }) => groupID) : [])
      return (await reader.followed(userID)).every(({ groupID, mep, seq }) => {
        const position = held.get(groupID)
        if (!position) return !isTold || told.has(groupID)
        return position.mep < mep || (position.mep === mep && position.seq <= seq)
      })
    },

    /** Brings the client from where it says it stands to now; `send` is called when there is enough for a frame. */
    async catchUp(
      database: Database,
      { feed: from, groups: held }: Stand,
      { groupsPerFrame, send }: { groupsPerFrame: number; send(): void }
    ): Promise<void> {
      // Listened to before anything else is read: what changes in between is heard, and read again afterwards.
      listen(userTopic(userID))
      for (const { groupID } of await database.snapshot(reader => reader.followed(userID))) listen(groupTopic(groupID))
      const changed = await database.snapshot(async reader => {
        const followed = await reader.followed(userID)
        const news = await feedFrom(reader, from, followed)
        feed = news.to
        if (news.to !== from) outgoing.feed = news
        for (const { groupID, mep, since } of followed) {
          const position = held.get(groupID)
          const seq = position?.mep === mep ? position.seq : 0
          follow(groupID, { mep, since, seq, upTo: seq })
        }
        return followed.filter(({ groupID, seq }) => positions.get(groupID)?.seq !== seq).map(({ groupID }) => groupID)
      })
      for (let start = 0; start < changed.length; start += groupsPerFrame) {
        const part = changed.slice(start, start + groupsPerFrame)
        await database.snapshot(async reader => {
          await readFeed(reader)
          // The list of groups first; their members when the client asks for them.
          for (const groupID of part) await readGroup(reader, groupID, 0)
        })
        if (start + groupsPerFrame < changed.length) send()
      }
      outgoing.caughtUp = true
      isLive = true
      send()
    },

    /** Takes note of what has changed; answers whether there is something to send. */
    hear(announcement: Announcement): boolean {
      const { groupID, from, to, group } = announcement
      const news = announcement.feeds.get(userID)
      if (news && isLive && !stale.feed && news.from === feed) takeFeed(news)
      else if (news) stale.feed = true
      const position = positions.get(groupID)
      // While the feed is not known, the user may have left.
      const isCurrent = isLive && !stale.feed && !stale.groups.has(groupID)
      const continues = position && isCurrent && from > 0 && position.upTo === from
      if (group && to > from) {
        if (continues) takeGroup(position, announcement, group)
        else stale.groups.add(groupID)
      }
      return isLive
    },

    /** Compares with the database: a lost announcement costs time, and nothing else. */
    async checkHeads(reader: Reader): Promise<void> {
      for (const { groupID, seq } of await reader.followed(userID))
        if (seq > (positions.get(groupID)?.upTo ?? seq)) stale.groups.add(groupID)
    },

    /** What the client holds of a group is sent anew where it is not what it should be. */
    async checkGroup(reader: Reader, { groupID, mep, seq, digest }: Check): Promise<void> {
      const position = positions.get(groupID)
      const state = await reader.group(groupID)
      if (position?.mep !== mep || position.seq !== seq || state.seq !== seq || state.digest === digest) return
      position.seq = 0
      stale.groups.add(groupID)
    },

    /** Where the client stands once it has everything that was sent. */
    stand: () => ({
      feed,
      groups: standDigest([...positions].map(([groupID, { mep, seq }]) => ({ groupID, mep, seq })))
    }),

    isBehind: () => stale.feed || stale.groups.size > 0,

    /** Reads what announcements could not tell. */
    async readStale(reader: Reader): Promise<void> {
      await readFeed(reader)
      for (const groupID of stale.groups) await readGroup(reader, groupID)
    },

    addVerdict(verdict: DeltaMessage['verdicts'][number]): void {
      outgoing.verdicts.push(verdict)
      if (verdict.kind === 'rejected') return
      const position = positions.get(verdict.groupID)
      // The feed may still have to tell of the group: an announcement may be lost.
      if (!position) stale.feed = true
      // The client waits for the position, also where what leads there concerns others.
      else if (verdict.seq > position.seq) stale.groups.add(verdict.groupID)
    },
    addRetry: (opID: string) => void outgoing.retry.push(opID),

    /** What there is to send; nothing afterwards. */
    takeOutgoing(): Outgoing | undefined {
      const delta = outgoing
      outgoing = emptyDelta()
      const isEmpty = !delta.feed && delta.groups.length + delta.verdicts.length + delta.retry.length === 0 && !delta.caughtUp
      return isEmpty ? undefined : delta
    },

    end(): void {
      isOver = true
      for (const stop of subscriptions.values()) stop()
      subscriptions.clear()
    }
  }

  /** The feed behind a position; from the beginning on where there is no position, or history no longer reaches back to it. */
  async function feedFrom(reader: Reader, from: number, followed: Followed): Promise<FeedDelta> {
    const { head, floor } = await reader.feed(userID)
    if (from > 0 && from >= floor && from <= head) return { from, to: head, events: await reader.feedSince(userID, from) }
    return { from: 0, to: head, events: await summary(reader, followed, head) }
  }

  /** Who has nothing needs no history: only the groups that are, and what of the notices is recent. */
  async function summary(reader: Reader, followed: Followed, head: number): Promise<FeedEvent[]> {
    const recent = await reader.feedSince(userID, Math.max(0, head - 2 * toldAfterwardsMax))
    const kept = recent.filter(
      event => event.kind === 'handled' || (event.kind === 'notice' && event.time > now() / 1000 - noticesKeptSeconds)
    )
    return [
      ...followed.map(({ groupID, mep, since }): FeedEvent => ({ kind: 'joined', fseq: head, groupID, mep, since })),
      ...kept.slice(-toldAfterwardsMax)
    ]
  }
}

async function wholeGroup(
  reader: Reader,
  { groupID, memberNum, ownerID }: GroupRow,
  userID: string,
  membersMax: number
): Promise<{ members: MemberRow[]; gone: string[]; complete: boolean }> {
  if (memberNum <= membersMax) return { members: await reader.membersAfter(groupID, '', membersMax), gone: [], complete: true }
  const known = await reader.members(groupID, [...new Set([userID, ownerID])].filter(Boolean))
  return { members: known.flatMap(member => member.row ?? []), gone: [], complete: false }
}

/** Of the people in an audio-video chat room, nobody is told but oneself. */
function visibleMembers(group: GroupRow | null, members: readonly MemberRow[], userID: string): GroupDelta['members'] {
  return group?.type === 'AVChatRoom' ? members.filter(member => member.userID === userID) : [...members]
}
