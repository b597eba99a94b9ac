/** Transactions are atomic, and take effect one after another. */

import {
  member,
  members,
  outbox,
  putMember,
  putPending,
  storedMembers,
  storedUserIDs,
  userIDOf,
  type StorageCase
} from './case.ts'

export const transactionCases: readonly StorageCase[] = [
  [
    'a transaction sees the writes of every earlier transaction',
    async ({ storage, expect }) => {
      const join = (userID: string) =>
        storage.transact([members], ([rows]) => [
          putMember(member(userID, { nameCard: `after ${rows.length}` }))
        ])
      await Promise.all([join('a'), join('b'), join('c')])
      const nameCards = (await storedMembers(storage)).map(({ nameCard }) => nameCard)
      expect(nameCards).toEqual(['after 0', 'after 1', 'after 2'])
    }
  ],
  [
    'a body that throws rejects its own transaction and no other',
    async ({ storage, expect }) => {
      const outcomes = await Promise.all([
        outcomeOf(storage.transact([], () => [putMember(member('a'))])),
        outcomeOf(
          storage.transact([members], () => {
            throw new Error('no')
          })
        ),
        outcomeOf(storage.transact([], () => [putMember(member('b'))]))
      ])
      expect([outcomes, await storedUserIDs(storage)]).toEqual([
        ['resolved', 'no', 'resolved'],
        ['a', 'b']
      ])
    }
  ],
  [
    'a read sees all writes of a transaction or none',
    async ({ storage, expect }) => {
      const writes = Array.from({ length: 200 }, (_, number) => putMember(member(userIDOf(number))))
      const writing = storage.transact([], () => writes)
      const lengths = await Promise.all(
        Array.from({ length: 5 }, async () => (await storedMembers(storage)).length)
      )
      await writing
      lengths.push((await storedMembers(storage)).length)
      expect(lengths.filter(length => length !== 0 && length !== 200)).toEqual([])
      expect(lengths.at(-1)).toEqual(200)
    }
  ],
  [
    '500 transactions at once all resolve',
    async ({ storage, expect }) => {
      await Promise.all(
        Array.from({ length: 500 }, (_, number) =>
          storage.transact([], () => [putPending(userIDOf(number))])
        )
      )
      expect((await storage.read([outbox])).answers[0].length).toEqual(500)
    }
  ],
  [
    'close can be called again',
    async ({ storage, expect }) => {
      await storage.close()
      expect(await outcomeOf(storage.close())).toEqual('resolved')
    }
  ]
]

const outcomeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: Error) => error.message
  )
