/** SQLite's WebAssembly build over OPFS with pooled access handles, its fastest durable storage. */

import sqlite3InitModule, {
  type OpfsSAHPoolDatabase,
  type PreparedStatement
} from '@sqlite.org/sqlite-wasm'
import type { GroupRow, MemberRow } from '../../../src/kernel/model.ts'
import type { Contender, Update } from '../contender.ts'
import {
  changedRow,
  groupAt,
  memberKey,
  membersOf,
  pause,
  rebased,
  sizesOf,
  type Window
} from '../data.ts'

type Watch = Window & { readonly keys: ReadonlySet<string>; onUpdate(update: Update): void }

const schema = `
  CREATE TABLE IF NOT EXISTS groups (groupID TEXT PRIMARY KEY, lastInfoTime INTEGER, row TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS members (
    groupID TEXT, userID TEXT, role TEXT, joinTime INTEGER, nameCard TEXT, muteUntil INTEGER, memberCustomField TEXT,
    PRIMARY KEY (groupID, userID)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS joined ON members (groupID, joinTime);
  CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, groupID TEXT, userID TEXT, nameCard TEXT);
`

const statements = {
  putGroup: 'INSERT OR REPLACE INTO groups VALUES (?, ?, ?)',
  groups: 'SELECT row FROM groups ORDER BY lastInfoTime DESC',
  put: 'INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?)',
  window: 'SELECT * FROM members WHERE groupID = ? ORDER BY joinTime LIMIT ? OFFSET ?',
  member: 'SELECT * FROM members WHERE groupID = ? AND userID = ?',
  name: 'UPDATE members SET nameCard = ? WHERE groupID = ? AND userID = ?',
  queue: 'INSERT INTO outbox (groupID, userID, nameCard) VALUES (?, ?, ?)'
}
type Values = (string | number)[]

export function create(): Contender {
  let db: OpfsSAHPoolDatabase
  let prepared: Record<keyof typeof statements, PreparedStatement>
  let groups: GroupRow[] = []
  let members: MemberRow[] = []
  let watches: Watch[] = []
  let changed: MemberRow[][] = []
  const pending = new Map<string, string>()

  const run = (name: keyof typeof statements, values: Values) =>
    prepared[name].bind(values).stepReset()

  function all(name: keyof typeof statements, values: Values = []): Record<string, unknown>[] {
    const statement = prepared[name]
    if (values.length > 0) statement.bind(values)
    const rows: Record<string, unknown>[] = []
    while (statement.step()) rows.push(statement.get({}) as Record<string, unknown>)
    statement.reset()
    return rows
  }

  const put = ({
    groupID,
    userID,
    role,
    joinTime,
    nameCard,
    muteUntil,
    memberCustomField
  }: MemberRow) =>
    run('put', [
      groupID,
      userID,
      role,
      joinTime,
      nameCard,
      muteUntil,
      JSON.stringify(memberCustomField)
    ])

  const windowRows = ({ groupID, offset, limit }: Window) =>
    all('window', [groupID, limit, offset]).map(decoded)

  function tell(touched: readonly string[]): void {
    const keys = new Set(touched)
    for (const watch of watches)
      if (touched.length > watch.keys.size ? anyOf(watch.keys, keys) : anyOf(keys, watch.keys))
        watch.onUpdate({ rows: windowRows(watch) })
  }

  return {
    async open(durability) {
      // On isolated pages it would start two more workers for file systems that are not used here.
      Object.assign(globalThis, {
        sqlite3ApiConfig: { disable: { vfs: { opfs: true, 'opfs-wl': true } } }
      })
      const sqlite = await sqlite3InitModule()
      const pool = await sqlite.installOpfsSAHPoolVfs({})
      db = new pool.OpfsSAHPoolDb('/bench.db')
      db.exec('PRAGMA locking_mode = exclusive; PRAGMA journal_mode = WAL;')
      db.exec(`PRAGMA synchronous = ${durability === 'strict' ? 'FULL' : 'NORMAL'};`)
      db.exec(schema)
      const entries = Object.entries(statements).map(([name, sql]) => [name, db.prepare(sql)])
      prepared = Object.fromEntries(entries) as typeof prepared
      for (const row of db.selectObjects('SELECT * FROM outbox'))
        pending.set(`${String(row['groupID'])}/${String(row['userID'])}`, String(row['nameCard']))
    },
    async prepare(shape) {
      groups = sizesOf(shape).map((size, index) => groupAt(index, size))
      members = sizesOf(shape).flatMap((size, index) => membersOf(index, size))
    },
    async load() {
      db.transaction(() => {
        for (const group of groups)
          run('putGroup', [group.groupID, group.lastInfoTime, JSON.stringify(group)])
        for (const member of members) put(member)
      })
      groups = members = []
    },
    async watchGroups(onRows) {
      onRows(all('groups').map(({ row }) => JSON.parse(String(row)) as GroupRow))
    },
    async watch(window, onUpdate) {
      const rows = windowRows(window)
      watches.push({ ...window, keys: new Set(rows.map(memberKey)), onUpdate })
      onUpdate({ rows })
    },
    async unwatch() {
      watches = []
    },
    async apply(op) {
      const { groupID, userID, nameCard } = op
      db.transaction(() => {
        run('name', [nameCard, groupID, userID])
        run('queue', [groupID, userID, nameCard])
      })
      pending.set(memberKey(op), nameCard)
      tell([memberKey(op)])
    },
    async prepareRemote(batches) {
      changed = batches.map(batch => batch.map(changedRow))
    },
    async remote(everyMs) {
      for (const batch of changed) {
        const rows = rebased(batch, pending)
        db.transaction(() => rows.forEach(put))
        tell(rows.map(memberKey))
        await pause(everyMs)
      }
    },
    async settle() {
      db.exec('DELETE FROM outbox')
      pending.clear()
    },
    async counts() {
      const count = (table: string) => Number(db.selectValue(`SELECT count(*) FROM ${table}`))
      return { groups: count('groups'), members: count('members'), pending: count('outbox') }
    },
    async member(groupID, userID) {
      const [row] = all('member', [groupID, userID])
      return row && decoded(row)
    },
    async close() {
      for (const statement of Object.values(prepared)) statement.finalize()
      db.close()
    }
  }
}

const anyOf = (some: ReadonlySet<string>, others: ReadonlySet<string>) =>
  [...some].some(key => others.has(key))

const decoded = (row: Record<string, unknown>): MemberRow =>
  ({ ...row, memberCustomField: JSON.parse(String(row['memberCustomField'])) }) as MemberRow
