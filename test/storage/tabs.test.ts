/** Several connections to one database, compared with storage in memory after every step. */

import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newMember } from '../../src/kernel/model.ts'
import { encodeRows, isColumnBlock } from '../../src/protocol/column-block.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage, StorageQuery, Write } from '../../src/storage/port.ts'

const ids = Array.from({ length: 600 }, (_, index) => `u${String(index).padStart(3, '0')}`)
const scopes = ['a', 'b']
const member = (groupID: string, userID: string, version: number) =>
  newMember({ groupID, userID, joinTime: 1, nameCard: `version ${version}` })

type Step = {
  readonly tab: number
  readonly writes: readonly Write[]
  readonly query: StorageQuery
  readonly readers: readonly number[]
}
type VersionedWrite = (version: number) => Write

const scope = fc.constantFrom(...scopes)
const id = fc.constantFrom(...ids)
const put: fc.Arbitrary<VersionedWrite> = fc
  .record({ scope, id })
  .map(({ scope, id }) => version => ({
    table: 'members',
    scope,
    id,
    row: member(scope, id, version)
  }))
const removal: fc.Arbitrary<VersionedWrite> = fc
  .record({ scope, id })
  .map(({ scope, id }) => () => ({ table: 'members', scope, id, row: null }))
const scopeRemoval: fc.Arbitrary<VersionedWrite> = scope.map(scope => () => ({
  table: 'members',
  scope,
  empty: true
}))
const blockWrite: fc.Arbitrary<VersionedWrite> = fc
  .record({
    scope,
    from: fc.nat(580),
    count: fc.constantFrom(1, 20, 128, 150, 256, 257, 400),
    isEncoded: fc.boolean()
  })
  .map(({ scope, from, count, isEncoded }) => version => {
    const rows = ids.slice(from, from + count).map(id => member(scope, id, version))
    const encoded = encodeRows(rows)
    return {
      table: 'members',
      scope,
      block: isEncoded && isColumnBlock(encoded) ? encoded : rows
    }
  })
const write = fc.oneof(
  { weight: 6, arbitrary: put },
  { weight: 1, arbitrary: scopeRemoval },
  { weight: 2, arbitrary: blockWrite },
  { weight: 3, arbitrary: removal }
)
const query = fc
  .record({ scope, ids: fc.option(fc.subarray(ids, { maxLength: 30 })) })
  .map(({ scope, ids }): StorageQuery => ({ table: 'members', scope, ...(ids && { ids }) }))
const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.record({
      tab: fc.nat(2),
      writes: fc.array(write, { maxLength: 6 }),
      query,
      readers: fc.subarray([0, 1, 2])
    }),
    { minLength: 1, maxLength: 40 }
  )
  .map(drawn =>
    drawn.map((step, version) => ({ ...step, writes: step.writes.map(each => each(version)) }))
  )

test('three tabs with checkpoints at any moment agree with memory', async () => {
  let count = 0
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.constantFrom(0, 200, 1000, 1_000_000),
      async (steps, journalTextMax) => {
        const name = `tabs ${count++}`
        const open = () => openDexieStorage(name, { journalTextMax })
        const tabs = [await open(), await open(), await open()]
        const model = createMemoryStorage()
        for (const { tab, writes, query, readers } of steps) {
          await model.transact([], () => writes)
          await tabs[tab]?.transact([], () => writes)
          // A checkpoint may run meanwhile.
          const expected = (await model.read([query])).answers
          for (const read of await Promise.all(readers.map(reader => tabs[reader]!.read([query]))))
            expect(read.answers).toEqual(expected)
        }
        // A tab that has not read anything yet.
        tabs.push(await open())
        for (const each of tabs) await expectSame(each, model)
        await Promise.all(tabs.map(each => each.close()))
        await Dexie.delete(name)
      }
    ),
    { numRuns: 100 }
  )
})

async function expectSame(storage: Storage, model: Storage): Promise<void> {
  for (const scope of scopes) {
    const everything = [{ table: 'members', scope }] as const
    expect((await storage.read(everything)).answers).toEqual((await model.read(everything)).answers)
  }
}
