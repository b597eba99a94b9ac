/**
 * IndexedDB by hand: one record per row, one transaction per operation, patches to the observers.
 */

import type { GroupRow, MemberRow } from '../../../src/kernel/model.ts'
import type { Contender, Durability, Update } from '../contender.ts'
import { changedRow, groupAt, memberKey, membersOf, pause, rebased, sizesOf } from '../data.ts'

type Watch = { readonly keys: ReadonlySet<string>; readonly onUpdate: (update: Update) => void }
type OutboxRow = { readonly groupID: string; readonly userID: string; readonly nameCard: string }

export function create(): Contender {
  let db: IDBDatabase
  let durability: Durability = 'relaxed'
  let groups: GroupRow[] = []
  let members: MemberRow[] = []
  let watches: Watch[] = []
  let changed: MemberRow[][] = []
  const pending = new Map<string, string>()

  const write = (stores: string[]) => db.transaction(stores, 'readwrite', { durability })

  function tell(rows: readonly MemberRow[]): void {
    for (const { keys, onUpdate } of watches) {
      const changed = rows.filter(row => keys.has(memberKey(row)))
      if (changed.length > 0) onUpdate({ changed })
    }
  }

  return {
    async open(wanted) {
      durability = wanted
      const opening = indexedDB.open('bench', 1)
      opening.onupgradeneeded = () => {
        opening.result.createObjectStore('groups', { keyPath: 'groupID' })
        const store = opening.result.createObjectStore('members', {
          keyPath: ['groupID', 'userID']
        })
        store.createIndex('joined', ['groupID', 'joinTime'])
        opening.result.createObjectStore('outbox', { autoIncrement: true })
      }
      db = await done(opening)
      const rows = (await done(
        db.transaction('outbox').objectStore('outbox').getAll()
      )) as OutboxRow[]
      for (const row of rows) pending.set(memberKey(row), row.nameCard)
    },
    async prepare(shape) {
      groups = sizesOf(shape).map((size, index) => groupAt(index, size))
      members = sizesOf(shape).flatMap((size, index) => membersOf(index, size))
    },
    async load() {
      const transaction = write(['groups', 'members'])
      const store = transaction.objectStore('members')
      for (const group of groups) transaction.objectStore('groups').put(group)
      for (const member of members) store.put(member)
      transaction.commit()
      groups = members = []
      await committed(transaction)
    },
    async watchGroups(onRows) {
      const rows = (await done(
        db.transaction('groups').objectStore('groups').getAll()
      )) as GroupRow[]
      onRows(rows.sort((a, b) => b.lastInfoTime - a.lastInfoTime))
    },
    async watch({ groupID, offset, limit }, onUpdate) {
      const index = db.transaction('members').objectStore('members').index('joined')
      const range = IDBKeyRange.bound([groupID], [groupID, []])
      const rows = ((await done(index.getAll(range, offset + limit))) as MemberRow[]).slice(offset)
      watches.push({ keys: new Set(rows.map(memberKey)), onUpdate })
      onUpdate({ rows })
    },
    async unwatch() {
      watches = []
    },
    async apply(op) {
      const transaction = write(['members', 'outbox'])
      const store = transaction.objectStore('members')
      const row = {
        ...((await done(store.get([op.groupID, op.userID]))) as MemberRow),
        nameCard: op.nameCard
      }
      store.put(row)
      transaction.objectStore('outbox').add(op)
      transaction.commit()
      await committed(transaction)
      pending.set(memberKey(op), op.nameCard)
      tell([row])
    },
    async prepareRemote(batches) {
      changed = batches.map(batch => batch.map(changedRow))
    },
    async remote(everyMs) {
      for (const batch of changed) {
        const rows = rebased(batch, pending)
        const transaction = write(['members'])
        for (const row of rows) transaction.objectStore('members').put(row)
        transaction.commit()
        await committed(transaction)
        tell(rows)
        await pause(everyMs)
      }
    },
    async settle() {
      const transaction = write(['outbox'])
      transaction.objectStore('outbox').clear()
      await committed(transaction)
      pending.clear()
    },
    async counts() {
      const transaction = db.transaction(['groups', 'members', 'outbox'])
      const [groups = 0, members = 0, pending = 0] = await Promise.all(
        ['groups', 'members', 'outbox'].map(name => done(transaction.objectStore(name).count()))
      )
      return { groups, members, pending }
    },
    member: (groupID, userID) =>
      done<MemberRow | undefined>(
        db.transaction('members').objectStore('members').get([groupID, userID])
      ),
    async close() {
      db.close()
    }
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('request'))
  })
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new Error('aborted'))
  })
}
