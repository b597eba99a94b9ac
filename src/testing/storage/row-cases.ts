/** Rows are stored by table, scope and ID, and read in the order of IDs. */

import type { MemberRow } from '../../kernel/model.ts'
import {
  member,
  members,
  outbox,
  pending,
  putMember,
  putPending,
  removeMember,
  removeMembers,
  storedMembers,
  storedUserIDs,
  userIDOf,
  type StorageCase
} from './case.ts'

export const rowCases: readonly StorageCase[] = [
  [
    'a new database has no rows',
    async ({ storage, expect }) => {
      const { answers } = await storage.read([
        members,
        outbox,
        { table: 'meta', scope: '', ids: [''] }
      ])
      expect(answers).toEqual([[], [], []])
    }
  ],
  [
    'rows are read in the order of their IDs',
    async ({ storage, expect }) => {
      const named = member('a', { nameCard: 'A' })
      await storage.transact([], () => [
        putMember(member('b')),
        putMember(named),
        putPending('2'),
        putPending('1')
      ])
      const { answers } = await storage.read([members, outbox])
      expect(answers).toEqual([
        [named, member('b')],
        [pending('1'), pending('2')]
      ])
    }
  ],
  [
    'a query for IDs finds each existing row once, in order',
    async ({ storage, expect }) => {
      await storage.transact([], () => [
        putMember(member('a')),
        putMember(member('b')),
        putPending('1')
      ])
      const { answers } = await storage.read([
        { ...members, ids: ['z', 'b', 'a', 'b'] },
        { ...members, ids: [] },
        { ...outbox, ids: ['9', '1'] }
      ])
      expect(answers).toEqual([[member('a'), member('b')], [], [pending('1')]])
    }
  ],
  [
    'emptying a scope leaves other scopes unchanged',
    async ({ storage, expect }) => {
      const other = { ...member('a'), groupID: 'g2' }
      await storage.transact([], () => [putMember(member('a')), putMember(other)])
      await storage.transact([], () => [removeMembers])
      const { answers } = await storage.read([members, { table: 'members', scope: 'g2' }])
      expect(answers).toEqual([[], [other]])
    }
  ],
  [
    'removing a row that is already gone does nothing',
    async ({ storage, expect }) => {
      await storage.transact([], () => [putMember(member('a')), putMember(member('b'))])
      await storage.transact([], () => [
        removeMember('a'),
        removeMember('a'),
        removeMember('never')
      ])
      await storage.transact([], () => [removeMember('a')])
      expect(await storedUserIDs(storage)).toEqual(['b'])
    }
  ],
  [
    'writes of one transaction apply in their order',
    async ({ storage, expect }) => {
      await storage.transact([], () => [putMember(member('old'))])
      await storage.transact([], () => [
        putMember(member('x')),
        removeMembers,
        putMember(member('y')),
        removeMember('y'),
        putMember(member('z'))
      ])
      expect(await storedUserIDs(storage)).toEqual(['z'])
    }
  ],
  [
    'a block of members is stored like single rows',
    async ({ storage, expect }) => {
      const rows = Array.from({ length: 300 }, (_, number) => member(userIDOf(number)))
      await storage.transact([], () => [{ ...members, block: rows.slice(0, 200) }])
      await storage.transact([], () => [
        { ...members, block: rows.slice(200) },
        removeMember(userIDOf(299))
      ])
      expect(await storedMembers(storage)).toEqual(rows.slice(0, 299))
    }
  ],
  [
    'thousands of scattered writes leave exactly the rows written last',
    async ({ storage, expect }) => {
      const model = new Map<string, MemberRow>()
      const apply = async (rows: readonly (readonly [string, MemberRow | null])[]) => {
        await storage.transact([], () =>
          rows.map(([id, row]) => (row ? putMember(row) : removeMember(id)))
        )
        for (const [id, row] of rows) {
          if (row) model.set(id, row)
          else model.delete(id)
        }
      }
      const rowAt = (number: number, nameCard = '') => {
        const id = userIDOf(number)
        return [id, member(id, { nameCard })] as const
      }
      await apply(Array.from({ length: 3000 }, (_, index) => rowAt(index * 2)))
      await apply(Array.from({ length: 500 }, (_, index) => rowAt(index * 7, `n${index}`)))
      await apply(Array.from({ length: 1500 }, (_, index) => [userIDOf(index * 3), null]))
      await apply([
        ['a', member('a')],
        ['zz', member('zz')]
      ])
      await apply([...model.keys()].slice(0, 200).map(id => [id, null]))
      const expected = [...model.values()].sort((a, b) => (a.userID < b.userID ? -1 : 1))
      expect(await storedMembers(storage)).toEqual(expected)
      const some = expected.filter((_, index) => index % 97 === 0)
      const ids = some.map(({ userID }) => userID)
      expect((await storage.read([{ ...members, ids }])).answers[0]).toEqual(some)
    }
  ],
  [
    'a later write changes no row that was written or read before',
    async ({ storage, expect }) => {
      const row = member('a', { memberCustomField: [{ key: 'k', value: 'v' }] })
      await storage.transact([], () => [putMember(row)])
      await storage.transact([], () => [putMember({ ...row, nameCard: 'changed' })])
      const before = await storedMembers(storage)
      await storage.transact([], () => [removeMember('a')])
      expect([row.nameCard, before.map(({ nameCard }) => nameCard)]).toEqual(['', ['changed']])
    }
  ]
]
