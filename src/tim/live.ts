/**
 * The live objects of the logged-in user. An object is created when a call or event first needs it,
 * and changed in place when its row changes.
 */

import { filter, firstValueFrom, merge, Observable, switchMap, type Subscription } from 'rxjs'
import type { GroupStore } from '../client/group-store.ts'
import type { Group, Member } from '../engine/api.ts'
import type { List } from '../engine/stream-api.ts'
import { setTimer } from '../host/timer.ts'
import type { GroupRow, Role } from '../kernel/model.ts'
import { patch, timGroup, timMember, type TimGroup, type TimGroupMember } from './shapes.ts'
import { createReleases, hasWeakReferences, referenceTo, type Reference } from './weak.ts'

const membersWithinMs = 10_000
/** Without weak references, only the members that were used last stay live. */
const liveMembersMax = hasWeakReferences ? Infinity : 1000

/** Weak: an app that pages through a large group must not leave a stream open per member. */
type WatchedMember = { readonly live: Reference<TimGroupMember>; readonly watch: Subscription }

export type Live = ReturnType<typeof createLive>

export function createLive(
  store: GroupStore,
  userID: string,
  onGroups: (list: TimGroup[]) => void
) {
  const groups = new Map<string, { readonly live: TimGroup; row: Group }>()
  const members = new Map<string, WatchedMember>()
  /** Groups that the user is not in. Each keeps its object while the app holds it. */
  const outside = new Map<string, Reference<TimGroup>>()
  /** The app has let go of a member, so nobody reads its stream any more. */
  const released = createReleases<{ name: string; watch: Subscription }>(({ name, watch }) => {
    watch.unsubscribe()
    if (members.get(name)?.watch === watch) members.delete(name)
  })
  let listed: TimGroup[] = []

  const watch = store.groups$.subscribe(({ rows }: List<Group>) => {
    const before = listed
    let hasNews = rows.length !== before.length
    listed = rows.map((row, index) => {
      const known = groups.get(row.groupID)
      if (!known || isNews(known.row, row) || before[index] !== known.live) hasNews = true
      return liveGroup(row)
    })
    const kept = new Set(rows.map(({ groupID }) => groupID))
    for (const groupID of groups.keys()) if (!kept.has(groupID)) forget(groupID)
    if (hasNews) onGroups([...listed])
  })

  function liveGroup(row: Group): TimGroup {
    const known = groups.get(row.groupID)
    if (known?.row === row) return known.live
    const next = timGroup(row, userID)
    if (known) {
      patch(known.live, next)
      known.row = row
      return known.live
    }
    // The app may hold the object from a search.
    const held = outside.get(row.groupID)?.deref()
    if (held) patch(held, next)
    outside.delete(row.groupID)
    groups.set(row.groupID, { live: held ?? next, row })
    return held ?? next
  }

  function outsideGroup(row: Group | GroupRow): TimGroup {
    const next = timGroup(row, userID)
    const held = outside.get(row.groupID)?.deref()
    if (!held) outside.set(row.groupID, referenceTo(next))
    else patch(held, next)
    return held ?? next
  }

  function forget(groupID: string): void {
    const left = groups.get(groupID)
    if (left) outside.set(groupID, referenceTo(left.live))
    groups.delete(groupID)
    for (const [name, { watch }] of members) {
      if (!name.startsWith(`${groupID}\n`)) continue
      watch.unsubscribe()
      members.delete(name)
    }
  }

  function member(row: Member): TimGroupMember {
    const name = `${row.groupID}\n${row.userID}`
    const known = members.get(name)
    const held = known?.live.deref()
    if (known && held) {
      // The members that were used last are at the end.
      members.delete(name)
      members.set(name, known)
      return Object.assign(held, timMember(row))
    }
    known?.watch.unsubscribe()
    const live = timMember(row)
    const reference = referenceTo(live)
    const watch = store.member$(row.groupID, row.userID).subscribe(next => {
      const held = reference.deref()
      if (next && held) Object.assign(held, timMember(next))
    })
    members.set(name, { live: reference, watch })
    for (const [oldest, { watch: unused }] of members) {
      if (members.size <= liveMembersMax) break
      unused.unsubscribe()
      members.delete(oldest)
    }
    released.register(live, { name, watch })
    return live
  }

  return {
    list: (): TimGroup[] => [...listed],
    known: (groupID: string): TimGroup | undefined => groups.get(groupID)?.live,

    /** The group after an operation. It is not live if the user owns it without having joined. */
    async group(groupID: string): Promise<TimGroup | undefined> {
      const known = groups.get(groupID)
      if (known) return known.live
      const row = await firstValueFrom(store.group$(groupID))
      return row ? outsideGroup(row) : undefined
    },

    /** A group that the user is not in, as the server shows it now. */
    outside: outsideGroup,
    /** The same group as the app got it last. */
    held: (groupID: string): TimGroup | undefined => outside.get(groupID)?.deref(),

    /** A member of a group that the user is not in, as the server shows it now. */
    outsideMember: member,

    async member(groupID: string, user: string): Promise<TimGroupMember | undefined> {
      const row = await firstValueFrom(store.member$(groupID, user))
      return row ? member(row) : undefined
    },

    /** A page of members. Offline, or after 10 s, only the members that this device holds. */
    async members(
      groupID: string,
      window: { offset: number; limit: number; role?: Role }
    ): Promise<TimGroupMember[]> {
      // Servers send no other members of an AVChatRoom, so its list is never complete.
      const isAVChatRoom = groups.get(groupID)?.row.type === 'AVChatRoom'
      // Tencent's lists begin with the owner.
      const held$ = store.members$(groupID, { ...window, orderBy: 'role' })
      const whole$ = held$.pipe(filter(({ complete }) => complete || isAVChatRoom))
      const offline$ = store.status$.pipe(filter(({ connection }) => connection === 'offline'))
      const incomplete$ = merge(offline$, after(membersWithinMs)).pipe(switchMap(() => held$))
      const list = await firstValueFrom(merge(whole$, incomplete$))
      return list.rows.map(member)
    },

    end(): void {
      watch.unsubscribe()
      for (const { watch: changes } of members.values()) changes.unsubscribe()
    }
  }
}

const after = (ms: number) =>
  new Observable<void>(subscriber => setTimer(() => subscriber.next(), ms))

/** Whether a change is worth an event. A change of members alone has a tip instead. */
const isNews = (before: Group, after: Group): boolean =>
  before.infoSequence !== after.infoSequence || before.ownerID !== after.ownerID
