/** What every implementation of the storage port must do, as tests: pass it your test runner and a way to open a store. */

import { newMember, type MemberRow } from '../kernel/model.ts'
import type { Storage, Write } from '../storage/port.ts'
import type { Pending } from '../storage/tables.ts'

export type ContractRunner = {
  test(title: string, body: () => Promise<void>): void
  expect(actual: unknown): { toEqual(expected: unknown): void }
}

/**
 * `open` opens the store of that name, the same data each time where the store survives being closed;
 * `survives` says whether it does.
 */
export function storageContract(
  { test, expect }: ContractRunner,
  open: (name: string) => Promise<Storage>,
  { survives }: { survives: boolean }
): void {
  let count = 0
  const fresh = () => `contract-${Date.now()}-${count++}`
  const withStorage = (title: string, body: (storage: Storage, name: string) => Promise<void>) =>
    test(title, async () => {
      const name = fresh()
      const storage = await open(name)
      await body(storage, name)
      await storage.close()
    })

  const member = (userID: string, row: Partial<MemberRow> = {}) =>
    newMember({ groupID: 'g', userID, joinTime: 1, ...row })
  const put = (row: MemberRow): Write => ({
    table: 'members',
    scope: row.groupID,
    id: row.userID,
    row
  })
  const drop = (userID: string): Write => ({ table: 'members', scope: 'g', id: userID, row: null })
  const pending = (opID: string): Pending => ({
    opID,
    order: 1,
    name: 'quitGroup',
    args: {},
    groupID: 'g',
    askedAtMs: 0,
    askedAtServerSeconds: 0,
    seen: 0
  })
  const queue = (opID: string): Write => ({
    table: 'outbox',
    scope: '',
    id: opID,
    row: pending(opID)
  })
  const members = { table: 'members', scope: 'g' } as const
  const names = async (storage: Storage) =>
    (await storage.read([members])).answers[0].map(row => row.userID)
  const numbered = (number: number) => `u${String(number).padStart(5, '0')}`
  const outcome = (promise: Promise<unknown>) =>
    promise.then(
      () => 'resolved',
      (error: Error) => error.message
    )

  withStorage('a new store is empty', async storage => {
    expect(
      (
        await storage.read([
          members,
          { table: 'outbox', scope: '' },
          { table: 'meta', scope: '', ids: [''] }
        ])
      ).answers
    ).toEqual([[], [], []])
  })

  withStorage('what was written is read, in the order of IDs', async storage => {
    await storage.transact([], () => [
      put(member('b')),
      put(member('a', { nameCard: 'A' })),
      queue('2'),
      queue('1')
    ])
    expect((await storage.read([members, { table: 'outbox', scope: '' }])).answers).toEqual([
      [member('a', { nameCard: 'A' }), member('b')],
      [pending('1'), pending('2')]
    ])
  })

  withStorage(
    'rows asked for by ID come in the order of IDs, those that exist, each once',
    async storage => {
      await storage.transact([], () => [put(member('a')), put(member('b')), queue('1')])
      expect(
        (
          await storage.read([
            { ...members, ids: ['z', 'b', 'a', 'b'] },
            { ...members, ids: [] },
            { table: 'outbox', scope: '', ids: ['9', '1'] }
          ])
        ).answers
      ).toEqual([[member('a'), member('b')], [], [pending('1')]])
    }
  )

  withStorage('scopes and tables are apart', async storage => {
    await storage.transact([], () => [put(member('a')), put({ ...member('a'), groupID: 'g2' })])
    await storage.transact([], () => [{ table: 'members', scope: 'g', empty: true }])
    expect((await storage.read([members, { table: 'members', scope: 'g2' }])).answers).toEqual([
      [],
      [{ ...member('a'), groupID: 'g2' }]
    ])
  })

  withStorage('a removed row is gone, and removing it again does no harm', async storage => {
    await storage.transact([], () => [put(member('a')), put(member('b'))])
    await storage.transact([], () => [drop('a'), drop('a'), drop('never')])
    await storage.transact([], () => [drop('a')])
    expect(await names(storage)).toEqual(['b'])
  })

  withStorage('writes of one call apply in order', async storage => {
    await storage.transact([], () => [put(member('old'))])
    await storage.transact([], () => [
      put(member('x')),
      { table: 'members', scope: 'g', empty: true },
      put(member('y')),
      drop('y'),
      put(member('z'))
    ])
    expect(await names(storage)).toEqual(['z'])
  })

  withStorage(
    'thousands of rows, put, changed and removed here and there, stay exact',
    async storage => {
      const model = new Map<string, MemberRow>()
      const apply = async (rows: readonly (readonly [string, MemberRow | null])[]) => {
        await storage.transact([], () => rows.map(([id, row]) => (row ? put(row) : drop(id))))
        for (const [id, row] of rows) {
          if (row) model.set(id, row)
          else model.delete(id)
        }
      }
      await apply(
        Array.from({ length: 3000 }, (_, i) => [numbered(i * 2), member(numbered(i * 2))])
      )
      await apply(
        Array.from({ length: 500 }, (_, i) => [
          numbered(i * 7),
          member(numbered(i * 7), { nameCard: `n${i}` })
        ])
      )
      await apply(Array.from({ length: 1500 }, (_, i) => [numbered(i * 3), null]))
      await apply([
        ['a', member('a')],
        ['zz', member('zz')]
      ])
      await apply([...model.keys()].slice(0, 200).map(id => [id, null]))
      const expected = [...model.values()].sort((a, b) => (a.userID < b.userID ? -1 : 1))
      expect((await storage.read([members])).answers[0]).toEqual(expected)
      const some = expected.filter((_, index) => index % 97 === 0)
      expect(
        (await storage.read([{ ...members, ids: some.map(row => row.userID) }])).answers[0]
      ).toEqual(some)
    }
  )

  withStorage('a transaction decides by what it reads', async storage => {
    const join = (userID: string) =>
      storage.transact([members], ([rows]) => [
        put(member(userID, { nameCard: `after ${rows.length}` }))
      ])
    await Promise.all([join('a'), join('b'), join('c')])
    expect((await storage.read([members])).answers[0].map(row => row.nameCard)).toEqual([
      'after 0',
      'after 1',
      'after 2'
    ])
  })

  withStorage('a body that throws writes nothing and harms no other', async storage => {
    const outcomes = await Promise.all([
      outcome(storage.transact([], () => [put(member('a'))])),
      outcome(
        storage.transact([members], () => {
          throw new Error('no')
        })
      ),
      outcome(storage.transact([], () => [put(member('b'))]))
    ])
    expect([outcomes, await names(storage)]).toEqual([
      ['resolved', 'no', 'resolved'],
      ['a', 'b']
    ])
  })

  withStorage('a read sees all of a transaction or nothing of it', async storage => {
    const rows = Array.from({ length: 200 }, (_, i) => put(member(numbered(i))))
    const writing = storage.transact([], () => rows)
    const seen = await Promise.all(
      Array.from({ length: 5 }, async () => (await names(storage)).length)
    )
    await writing
    seen.push((await names(storage)).length)
    expect(seen.filter(length => length !== 0 && length !== 200)).toEqual([])
  })

  withStorage('rows do not change behind the back of who wrote or read them', async storage => {
    const row = member('a', { memberCustomField: [{ key: 'k', value: 'v' }] })
    await storage.transact([], () => [put(row)])
    await storage.transact([], () => [put({ ...row, nameCard: 'changed' })])
    const [before] = (await storage.read([members])).answers
    await storage.transact([], () => [drop('a')])
    expect([row.nameCard, before.map(each => each.nameCard)]).toEqual(['', ['changed']])
  })

  withStorage('many callers at once each get their answer', async storage => {
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => storage.transact([], () => [queue(numbered(i))]))
    )
    expect((await storage.read([{ table: 'outbox', scope: '' }])).answers[0].length).toEqual(500)
  })

  if (survives) {
    withStorage(
      'what was written is there after closing and opening again',
      async (storage, name) => {
        await storage.transact([], () => [put(member('a')), queue('1')])
        const writing = storage.transact([], () => [put(member('b'))])
        await storage.close()
        await writing
        const again = await open(name)
        const found = (await again.read([members, { table: 'outbox', scope: '' }])).answers
        await again.close()
        expect(found).toEqual([[member('a'), member('b')], [pending('1')]])
      }
    )

    test('what was destroyed is not there any more', async () => {
      const name = fresh()
      const storage = await open(name)
      await storage.transact([], () => [put(member('a'))])
      await storage.destroy()
      const again = await open(name)
      const found = (await again.read([members])).answers
      await again.close()
      expect(found).toEqual([[]])
    })

    withStorage(
      'commits are numbered in their order over all connections, and a read says up to which it holds',
      async (storage, name) => {
        const other = await open(name)
        const numbers: number[] = []
        for (const [index, each] of [storage, other, other, storage, other].entries())
          numbers.push(await each.transact([], () => [put(member(numbered(index)))]))
        const ends = [await storage.read([members]), await other.read([])].map(
          ({ commitNumber }) => commitNumber
        )
        const late = other.transact([members], ([rows]) => [queue(String(rows.length))])
        const [early, last] = await Promise.all([
          storage.read([{ table: 'outbox', scope: '' }]),
          late
        ])
        await other.close()
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
        expect(
          ends.map(commitNumber => commitNumber >= Math.max(...numbers) && commitNumber < last)
        ).toEqual([true, true])
        expect(early.commitNumber >= last).toEqual(early.answers[0].length > 0)
      }
    )

    withStorage(
      'two connections see each other, and neither loses what the other wrote',
      async (storage, name) => {
        const other = await open(name)
        await Promise.all(
          Array.from({ length: 40 }, (_, i) =>
            (i % 2 ? storage : other).transact([], () => [put(member(numbered(i)))])
          )
        )
        const counts = [(await names(storage)).length, (await names(other)).length]
        await other.close()
        expect(counts).toEqual([40, 40])
      }
    )
  }
}
