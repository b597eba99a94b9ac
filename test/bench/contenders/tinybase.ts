/**
 * TinyBase with its IndexedDB persister: everything in the memory of the UI thread, saved as a
 * whole. `startAutoSave` would save everything after each transaction, which takes minutes here.
 * So waiting callers share one save.
 */

import { createIndexes, createStore, type Row } from 'tinybase'
import { createIndexedDbPersister } from 'tinybase/persisters/persister-indexed-db'
import type { GroupRow, MemberRow } from '../../../src/kernel/model.ts'
import type { Contender, Update } from '../contender.ts'
import { changedRow, groupAt, memberKey, membersOf, pause, rebased, sizesOf } from '../data.ts'

type Tables = Record<string, Record<string, Row>>
type Watch = { readonly keys: ReadonlySet<string>; onUpdate(update: Update): void }

export function create(): Contender {
  const store = createStore()
  const indexes = createIndexes(store).setIndexDefinition(
    'joined',
    'members',
    'groupID',
    'joinTime'
  )
  const persister = createIndexedDbPersister(store, 'bench')
  let tables: Tables = {}
  let watches: Watch[] = []
  let changed: MemberRow[][] = []
  let outboxCount = 0
  let saving: Promise<unknown> = Promise.resolve()
  let next: Promise<unknown> | undefined

  const memberOf = (id: string): MemberRow => decoded(store.getRow('members', id))
  store.addRowListener('members', null, (_store, _table, id) => {
    for (const { keys, onUpdate } of watches)
      if (keys.has(id)) onUpdate({ changed: [memberOf(id)] })
  })

  /** A save that begins after the caller's changes. */
  function saved(): Promise<unknown> {
    next ??= saving.then(() => {
      next = undefined
      return (saving = persister.save())
    })
    return next
  }

  return {
    async open() {
      await persister.load()
      outboxCount = store.getRowCount('outbox')
    },
    async prepare(shape) {
      const sizes = sizesOf(shape)
      const groups = sizes.map((size, index) => [
        groupAt(index, size).groupID,
        encodedGroup(groupAt(index, size))
      ])
      const members = sizes
        .flatMap((size, index) => membersOf(index, size))
        .map(row => [memberKey(row), encoded(row)])
      tables = {
        groups: Object.fromEntries(groups) as Tables[string],
        members: Object.fromEntries(members) as Tables[string]
      }
    },
    async load() {
      store.setTables(tables)
      tables = {}
      await saved()
    },
    async watchGroups(onRows) {
      const ids = store.getSortedRowIds('groups', 'lastInfoTime', true)
      onRows(ids.map(id => JSON.parse(String(store.getCell('groups', id, 'row'))) as GroupRow))
    },
    async watch({ groupID, offset, limit }, onUpdate) {
      const ids = indexes.getSliceRowIds('joined', groupID).slice(offset, offset + limit)
      watches.push({ keys: new Set(ids), onUpdate })
      onUpdate({ rows: ids.map(memberOf) })
    },
    async unwatch() {
      watches = []
    },
    async apply(op) {
      store.transaction(() => {
        store.setCell('members', memberKey(op), 'nameCard', op.nameCard)
        store.setRow('outbox', String(outboxCount++), { ...op })
      })
      await saved()
    },
    async prepareRemote(batches) {
      changed = batches.map(batch => batch.map(changedRow))
    },
    async remote(everyMs) {
      const rows = Object.values(store.getTable('outbox'))
      const pending = new Map(
        rows.map(row => [
          `${String(row['groupID'])}/${String(row['userID'])}`,
          String(row['nameCard'])
        ])
      )
      for (const batch of changed) {
        store.transaction(() => {
          for (const row of rebased(batch, pending))
            store.setRow('members', memberKey(row), encoded(row))
        })
        await pause(everyMs)
      }
      await saved()
    },
    async settle() {
      store.delTable('outbox')
      await saved()
    },
    async counts() {
      return {
        groups: store.getRowCount('groups'),
        members: store.getRowCount('members'),
        pending: store.getRowCount('outbox')
      }
    },
    member: async (groupID, userID) => memberOf(`${groupID}/${userID}`),
    async close() {
      await saved()
      await persister.destroy()
    }
  }
}

// Cells hold no lists.
const encoded = ({ memberCustomField, ...row }: MemberRow): Row => ({
  ...row,
  memberCustomField: JSON.stringify(memberCustomField)
})
const decoded = (row: Row): MemberRow =>
  ({
    ...row,
    memberCustomField: JSON.parse(String(row['memberCustomField'])) as unknown
  }) as MemberRow
const encodedGroup = (group: GroupRow): Row => ({
  lastInfoTime: group.lastInfoTime,
  row: JSON.stringify(group)
})
