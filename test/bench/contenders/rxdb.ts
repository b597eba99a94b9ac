/** RxDB with its Dexie storage, in a worker behind Comlink. */

import { createRxDatabase, type RxCollection, type RxDatabase } from 'rxdb/plugins/core'
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie'
import type { Subscription } from 'rxjs'
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

type MemberDoc = MemberRow & { id: string }
type OutboxDoc = Op & { id: string }
type Collections = {
  groups: RxCollection<GroupRow>
  members: RxCollection<MemberDoc>
  outbox: RxCollection<OutboxDoc>
}

const text = { type: 'string' } as const
const id = { type: 'string', maxLength: 64 } as const
const count = { type: 'integer', minimum: 0, maximum: 9_999_999_999, multipleOf: 1 } as const

const groupSchema = {
  version: 0,
  primaryKey: 'groupID',
  type: 'object',
  properties: {
    ...Object.fromEntries(
      ['type', 'name', 'avatar', 'introduction', 'notification', 'ownerID', 'joinOption'].map(
        key => [key, text]
      )
    ),
    ...Object.fromEntries(
      ['createTime', 'infoSequence', 'memberNum', 'maxMemberNum'].map(key => [key, count])
    ),
    groupID: id,
    lastInfoTime: count,
    muteAllMembers: { type: 'boolean' },
    groupCustomField: { type: 'array', items: { type: 'object' } }
  },
  required: ['groupID', 'lastInfoTime'],
  indexes: ['lastInfoTime']
}
const memberSchema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id,
    groupID: id,
    userID: id,
    role: text,
    joinTime: count,
    nameCard: text,
    muteUntil: count,
    memberCustomField: { type: 'array', items: { type: 'object' } }
  },
  required: ['id', 'groupID', 'userID', 'joinTime'],
  indexes: [['groupID', 'joinTime']]
}
const outboxSchema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: { id, groupID: id, userID: id, nameCard: text },
  required: ['id']
}

const doc = (row: MemberRow): MemberDoc => ({ id: memberKey(row), ...row })

export function create(): Contender {
  let db: RxDatabase<Collections>
  let groups: GroupRow[] = []
  let members: MemberDoc[] = []
  let watches: Subscription[] = []
  let outboxCount = 0
  let changed: MemberRow[][] = []
  const pending = new Map<string, string>()

  return {
    async open(durability) {
      const storage = getRxStorageDexie({ chromeTransactionDurability: durability })
      db = await createRxDatabase<Collections>({
        name: 'bench',
        storage,
        multiInstance: false,
        eventReduce: true
      })
      await db.addCollections({
        groups: { schema: groupSchema as never },
        members: { schema: memberSchema as never },
        outbox: { schema: outboxSchema as never }
      })
      for (const op of await db.outbox.find().exec()) pending.set(memberKey(op), op.nameCard)
      outboxCount = pending.size
    },
    async prepare(shape) {
      groups = sizesOf(shape).map((size, index) => groupAt(index, size))
      members = sizesOf(shape).flatMap((size, index) => membersOf(index, size).map(doc))
    },
    async load() {
      await db.groups.bulkInsert(groups)
      const all = members
      groups = members = []
      // In parts, as its documentation has bulk inserts of that size.
      for (let start = 0; start < all.length; start += 5000)
        await db.members.bulkInsert(all.slice(start, start + 5000))
    },
    async watchGroups(onRows) {
      const query = db.groups.find({ sort: [{ lastInfoTime: 'desc' }] })
      watches.push(query.$.subscribe(rows => onRows(rows.map(row => row.toMutableJSON()))))
    },
    async watch({ groupID, offset, limit }, onUpdate) {
      const query = db.members.find({
        selector: { groupID },
        sort: [{ groupID: 'asc' }, { joinTime: 'asc' }],
        skip: offset,
        limit
      })
      watches.push(
        query.$.subscribe(rows => onUpdate({ rows: rows.map(row => row.toMutableJSON()) }))
      )
    },
    async unwatch() {
      for (const watch of watches) watch.unsubscribe()
      watches = []
    },
    async apply(op) {
      const row = await db.members.findOne(memberKey(op)).exec(true)
      // It has no transactions across collections.
      await Promise.all([
        row.incrementalPatch({ nameCard: op.nameCard }),
        db.outbox.insert({ id: String(outboxCount++).padStart(12, '0'), ...op })
      ])
      pending.set(memberKey(op), op.nameCard)
    },
    async prepareRemote(batches) {
      changed = batches.map(batch => batch.map(changedRow))
    },
    async remote(everyMs) {
      for (const batch of changed) {
        await db.members.bulkUpsert(rebased(batch, pending).map(doc))
        await pause(everyMs)
      }
    },
    async settle() {
      await db.outbox.find().remove()
      pending.clear()
    },
    async counts() {
      const [groups, members, pending] = await Promise.all([
        db.groups.count().exec(),
        db.members.count().exec(),
        db.outbox.count().exec()
      ])
      return { groups, members, pending }
    },
    member: async (groupID, userID) =>
      (await db.members.findOne(memberKey({ groupID, userID })).exec())?.toMutableJSON(),
    async close() {
      await db.close()
    }
  }
}
