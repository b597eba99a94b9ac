/** A database outlives its connections, and several connections share it. */

import {
  member,
  members,
  outbox,
  pending,
  putMember,
  putPending,
  storedMembers,
  userIDOf,
  type StorageCase
} from './case.ts'

export const connectionCases: readonly StorageCase[] = [
  [
    'rows outlive their connection, also those being written at close',
    async ({ storage, connect, expect }) => {
      await storage.transact([], () => [putMember(member('a')), putPending('1')])
      const writing = storage.transact([], () => [putMember(member('b'))])
      await storage.close()
      await writing
      const reopened = await connect()
      const { answers } = await reopened.read([members, outbox])
      await reopened.close()
      expect(answers).toEqual([[member('a'), member('b')], [pending('1')]])
    }
  ],
  [
    'a destroyed database is empty when it is opened again',
    async ({ storage, connect, expect }) => {
      await storage.transact([], () => [putMember(member('a'))])
      await storage.destroy()
      const reopened = await connect()
      const rows = await storedMembers(reopened)
      await reopened.close()
      expect(rows).toEqual([])
    }
  ],
  [
    'commit numbers rise over all connections',
    async ({ storage, connect, expect }) => {
      const other = await connect()
      const numbers: number[] = []
      for (const [index, connection] of [storage, other, other, storage, other].entries())
        numbers.push(await connection.transact([], () => [putMember(member(userIDOf(index)))]))
      await other.close()
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    }
  ],
  [
    'a read has the number of the last commit in it',
    async ({ storage, connect, expect }) => {
      const other = await connect()
      const first = await other.transact([], () => [putMember(member('a'))])
      const before = [await storage.read([members]), await other.read([])]
      const writing = other.transact([members], ([rows]) => [putPending(String(rows.length))])
      const [during, last] = await Promise.all([storage.read([outbox]), writing])
      await other.close()
      expect(
        before.map(({ commitNumber }) => commitNumber >= first && commitNumber < last)
      ).toEqual([true, true])
      expect(during.commitNumber >= last).toEqual(during.answers[0].length > 0)
    }
  ],
  [
    'two connections see the writes of each other',
    async ({ storage, connect, expect }) => {
      const other = await connect()
      await Promise.all(
        Array.from({ length: 40 }, (_, number) =>
          (number % 2 ? storage : other).transact([], () => [putMember(member(userIDOf(number)))])
        )
      )
      const lengths = [(await storedMembers(storage)).length, (await storedMembers(other)).length]
      await other.close()
      expect(lengths).toEqual([40, 40])
    }
  ]
]
