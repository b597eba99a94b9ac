/** One test of the storage contract, and the rows that the tests use. */

import { newMember, type MemberRow } from '../../kernel/model.ts'
import type { Storage, Write } from '../../storage/port.ts'
import type { Pending } from '../../storage/tables.ts'

/** The part of a test runner's `expect` that the contracts use. */
export type Expect = (actual: unknown) => { toEqual(expected: unknown): void }

export type StorageCase = readonly [
  title: string,
  body: (given: {
    /** A connection to a new database. */
    readonly storage: Storage
    /** Opens one more connection to the same database. */
    readonly connect: () => Promise<Storage>
    readonly expect: Expect
  }) => Promise<void>
]

export const member = (userID: string, changes: Partial<MemberRow> = {}): MemberRow =>
  newMember({ groupID: 'g', userID, joinTime: 1, ...changes })

export const pending = (opID: string): Pending => ({
  opID,
  order: 1,
  name: 'quitGroup',
  args: {},
  groupID: 'g',
  askedAtMs: 0,
  askedAtServerSeconds: 0,
  seen: 0
})

export const putMember = (row: MemberRow): Write => ({
  table: 'members',
  scope: row.groupID,
  id: row.userID,
  row
})

export const removeMember = (userID: string): Write => ({
  table: 'members',
  scope: 'g',
  id: userID,
  row: null
})

export const removeMembers: Write = { table: 'members', scope: 'g', empty: true }

export const putPending = (opID: string): Write => ({
  table: 'outbox',
  scope: '',
  id: opID,
  row: pending(opID)
})

export const members = { table: 'members', scope: 'g' } as const
export const outbox = { table: 'outbox', scope: '' } as const

export async function storedMembers(storage: Storage): Promise<MemberRow[]> {
  const { answers } = await storage.read([members])
  return answers[0]
}

export const storedUserIDs = async (storage: Storage): Promise<string[]> =>
  (await storedMembers(storage)).map(({ userID }) => userID)

/** IDs that sort by their numbers. */
export const userIDOf = (number: number): string => `u${String(number).padStart(5, '0')}`
