/** Dexie as documented: tables with a compound index, transactions and liveQuery, over Comlink. */

import { Dexie, liveQuery, type Table } from 'dexie'
import type { GroupRow, MemberRow } from '../../../src/kernel/model.ts'
import type { Contender } from '../contender.ts'
import {
  changedRow,
  groupAt,
  memberKey,
  membersOf,
  pause,
  rebased,
  sizesOf,
  type Op
} from '../data.ts'

type Database = Dexie & {
  groups: Table<GroupRow, string>
  members: Table<MemberRow, [string, string]>
  outbox: Table<Op & { id?: number }, number>
}

export function create(): Contender {
  let db: Database
  let groups: GroupRow[] = []
  let members: MemberRow[] = []
  let watches: { unsubscribe(): void }[] = []
  let changed: MemberRow[][] = []
  const pending = new Map<string, string>()

  return {
    async open(durability) {
      db = new Dexie('bench', { chromeTransactionDurability: durability }) as Database
      db.version(1).stores({
        groups: 'groupID',
        members: '[groupID+userID], [groupID+joinTime]',
        outbox: '++id'
      })
      await db.open()
      for (const op of await db.outbox.toArray()) pending.set(memberKey(op), op.nameCard)
    },
    async prepare(shape) {
      groups = sizesOf(shape).map((size, index) => groupAt(index, size))
      members = sizesOf(shape).flatMap((size, index) => membersOf(index, size))
    },
    async load() {
      await db.transaction('rw', db.groups, db.members, async () => {
        await db.groups.bulkAdd(groups)
        await db.members.bulkAdd(members)
      })
      groups = members = []
    },
    async watchGroups(onRows) {
      const query = liveQuery(async () =>
        (await db.groups.toArray()).sort((a, b) => b.lastInfoTime - a.lastInfoTime)
      )
      watches.push(query.subscribe(onRows))
    },
    async watch({ groupID, offset, limit }, onUpdate) {
      const query = liveQuery(() =>
        db.members
          .where('[groupID+joinTime]')
          .between([groupID, Dexie.minKey], [groupID, Dexie.maxKey])
          .offset(offset)
          .limit(limit)
          .toArray()
      )
      watches.push(query.subscribe(rows => onUpdate({ rows })))
    },
    async unwatch() {
      for (const watch of watches) watch.unsubscribe()
      watches = []
    },
    async apply(op) {
      await db.transaction('rw', db.members, db.outbox, async () => {
        await db.members.update([op.groupID, op.userID], { nameCard: op.nameCard })
        await db.outbox.add(op)
      })
      pending.set(memberKey(op), op.nameCard)
    },
    async prepareRemote(batches) {
      changed = batches.map(batch => batch.map(changedRow))
    },
    async remote(everyMs) {
      for (const batch of changed) {
        await db.members.bulkPut(rebased(batch, pending))
        await pause(everyMs)
      }
    },
    async settle() {
      await db.outbox.clear()
      pending.clear()
    },
    async counts() {
      return {
        groups: await db.groups.count(),
        members: await db.members.count(),
        pending: await db.outbox.count()
      }
    },
    member: (groupID, userID) => db.members.get([groupID, userID]),
    async close() {
      db.close()
    }
  }
}
