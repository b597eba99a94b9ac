/**
 * The base: what the server has said, as far as it is in memory. Groups always are; members come from storage when
 * they are needed. Base rows change by `absorb` only, with writes that are committed.
 */

import * as v from 'valibot'
import type { ApplicationRow, MemberRow } from '../kernel/model.ts'
import type { HeldGroup, Meta, Storage, Write } from '../storage/port.ts'
import { memberRow } from '../sync/messages.ts'
import { touchMember, type Touched } from './touched.ts'

type Cache = {
  readonly rows: Map<string, MemberRow>
  /** Users that storage has been asked for; `'all'`: every one there is. */
  asked: Set<string> | 'all'
}
/** A read under way: what is written meanwhile may not be in what it brings. */
type Loading = { readonly later: Write[] }

export type Base = ReturnType<typeof createBase>

export function createBase(storage: Storage, userID: string, onDamaged: (groupID: string) => void) {
  let meta: Meta | undefined
  const groups = new Map<string, HeldGroup>()
  const caches = new Map<string, Cache>()
  const loading = new Map<string, Set<Loading>>()

  function isLoaded(groupID: string, users: readonly string[] | 'all'): boolean {
    const asked = caches.get(groupID)?.asked
    if (asked === 'all') return true
    return users !== 'all' && users.every(user => user === userID || asked?.has(user))
  }

  async function load(groupID: string, users: readonly string[] | 'all'): Promise<void> {
    if (!isLoaded(groupID, users)) await read(groupID, users)
  }

  async function read(groupID: string, users: readonly string[] | 'all'): Promise<void> {
    const own: Loading = { later: [] }
    const reads = loading.get(groupID) ?? new Set()
    loading.set(groupID, reads.add(own))
    const query = { table: 'members', scope: groupID } as const
    const [stored] = await storage.read([users === 'all' ? query : { ...query, ids: users }])
    reads.delete(own)
    const rows = stored.filter(row => v.is(memberRow, row))
    if (rows.length < stored.length) onDamaged(groupID)
    const cache = caches.get(groupID) ?? { rows: new Map(), asked: new Set<string>() }
    caches.set(groupID, cache)
    for (const row of rows) cache.rows.set(row.userID, row)
    if (users === 'all') cache.asked = 'all'
    else if (cache.asked !== 'all') for (const user of users) cache.asked.add(user)
    for (const write of own.later) absorbMember(cache, write)
  }

  function absorbMember(cache: Cache, write: Write): void {
    if ('empty' in write) cache.rows.clear()
    else if (write.row) cache.rows.set(write.id, write.row as MemberRow)
    else cache.rows.delete(write.id)
  }

  function absorb(write: Write, touched: Touched): void {
    if (write.table === 'groups' && !('empty' in write)) {
      if (write.row) groups.set(write.id, write.row)
      else groups.delete(write.id)
      touched.groups.add(write.id)
      touchMember(touched, write.id, userID)
    } else if (write.table === 'groups') {
      for (const groupID of groups.keys()) touched.groups.add(groupID)
      groups.clear()
    } else if (write.table === 'members') {
      const { scope } = write
      const cache = caches.get(scope)
      if (cache) absorbMember(cache, write)
      for (const read of loading.get(scope) ?? []) read.later.push(write)
      if ('empty' in write) touched.members.set(scope, 'all')
      else touchMember(touched, scope, write.id)
    } else if (write.table === 'meta' && !('empty' in write)) meta = write.row ?? undefined
  }

  return {
    groups: groups as ReadonlyMap<string, HeldGroup>,
    meta: () => meta,
    isLoaded,
    load,
    /** Reads again what is in memory, from what others may have written. */
    async refresh(touched: Touched): Promise<void> {
      for (const [groupID, { asked }] of [...caches]) {
        caches.delete(groupID)
        touched.members.set(groupID, 'all')
        await read(groupID, asked === 'all' ? 'all' : [...asked])
      }
    },
    absorb,
    /** Forgets the members of a group that nobody looks at. */
    release: (groupID: string) => void caches.delete(groupID),

    /** `undefined`: not covered, the server has not told or storage has not been asked; `null`: there is none. */
    member(groupID: string, user: string): MemberRow | null | undefined {
      const held = groups.get(groupID)
      if (!held?.row) return undefined
      if (user === userID) return held.self
      const row = caches.get(groupID)?.rows.get(user)
      const isCovered = held.membersUpTo === null || user <= held.membersUpTo
      return row ?? (isCovered && isLoaded(groupID, [user]) ? null : undefined)
    },
    /** All that are in memory. */
    members: (groupID: string): Iterable<MemberRow> => caches.get(groupID)?.rows.values() ?? [],
    application: (): ApplicationRow | null | undefined => undefined
  }
}
