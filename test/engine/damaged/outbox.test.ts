/** Damaged operations get a verdict, and damaged verdicts are passed over. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { frameLimits } from '../../../src/protocol/messages.ts'
import { damagedWrites } from '../../../src/storage/journal-format.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import {
  ascending,
  endClients,
  expectWell,
  prepare,
  refusals,
  server,
  start,
  startServer
} from './device.ts'
import {
  createRecords,
  stores,
  endless,
  firstOnly,
  put,
  row,
  withPrototype,
  without,
  type Page,
  type Row
} from './records.ts'

beforeEach(() => startServer())
afterEach(endClients)

describe.each(stores)('damaged operations in the %s', store => {
  const { open, again, damage, nonsense } = createRecords(store)

  const operations: [title: string, change: (page: Page) => unknown, code: number | undefined][] = [
    ...nonsense.map(([what, change]): (typeof operations)[number] => [what, change, 4506]),
    ['an operation with an own prototype', withPrototype, undefined],
    ['an operation without an ID', without('opID'), 4506],
    ['an operation with a number for an ID', put({ opID: 5 }), 4506],
    ['an operation with an empty ID', put({ opID: '' }), 4506],
    ['an operation with an ID that no server takes', put({ opID: endless.length }), 4506],
    ['an operation with an ID with NUL', put({ opID: '\u0000' }), 4506],
    ['an operation without an order', without('order'), 4506],
    ['an operation with an order in words', put({ order: '1' }), 4506],
    ['an operation without a name', without('name'), 4506],
    ['an operation with a number for a name', put({ name: 5 }), 4506],
    ['an operation with a name that no server takes', put({ name: 'x'.repeat(41) }), 4506],
    ['an operation with a name that there is none of', put({ name: 'fly' }), 10003],
    ['an operation with a name that every object has', put({ name: 'constructor' }), 10003],
    ['an operation without arguments', without('args'), 4506],
    ['an operation with null for arguments', put({ args: null }), 4506],
    ['an operation with a text for arguments', put({ args: 'crew' }), 4506],
    ['an operation with empty arguments', put({ args: {} }), 10004],
    [
      'an operation with arguments of another group',
      put({ args: { groupID: 'den', name: 'Boat' } }),
      10015
    ],
    [
      'an operation with an argument that is not allowed',
      put({ args: { groupID: 'crew', name: 5 } }),
      10004
    ],
    [
      'an operation with an argument that no server takes',
      put({ args: { groupID: 'crew', ['x'.repeat(65)]: 1 } }),
      4506
    ],
    [
      'an operation with arguments nested 13 deep',
      put({ args: { groupID: 'crew', name: [[[[[[[[[[[[[]]]]]]]]]]]]] } }),
      4506
    ],
    [
      'an operation with arguments that are larger than a frame',
      put({ args: { groupID: 'crew', name: 'x'.repeat(frameLimits.toServerBytesMax) } }),
      4506
    ],
    ['an operation without a group', without('groupID'), 4506],
    ['an operation with a number for a group', put({ groupID: 5 }), 4506],
    ['an operation with an empty group', put({ groupID: '' }), 4506],
    ['an operation with a group that no server takes', put({ groupID: endless.length }), 4506],
    [
      'an operation with a group that no server takes, and more',
      put({ groupID: endless.length, order: null }),
      4506
    ],
    [
      'an operation with an ID that no server takes, and more',
      put({ opID: endless.length, order: null }),
      4506
    ],
    ['an operation asked for in words', put({ askedAtMs: 'today' }), 4506],
    ['an operation at no time', put({ askedAtServerSeconds: NaN }), 4506],
    ['an operation that has seen a negative number', put({ seen: -1 }), 4506],
    ['an operation that has seen 1e300', put({ seen: 1e300 }), 4506],
    ['an operation with a verdict that is none', put({ applied: { kind: 'applied' } }), 4506],
    ['an operation with a verdict that is null', put({ applied: null }), 4506]
  ]
  test.each(operations)(
    '%s in the outbox gets a verdict without harm to others',
    async (_title, change, code) => {
      await prepare(open)
      await damage('outbox', '', firstOnly(change))
      const ann = await again()
      await expectWell(ann, { lost: code === undefined ? 0 : 1 })
      expect(await refusals(ann)).toEqual(ascending([10021, ...(code === undefined ? [] : [code])]))
      // It is over: another start finds nothing of it but the verdict.
      await ann.engine.close()
      const later = await again({ paused: true })
      expect([await later.outbox(), await refusals(later)]).toEqual([[], await refusals(ann)])
    }
  )

  test.each([
    ...nonsense,
    ['a verdict of another kind', put({ verdict: { kind: 'perhaps' } })],
    [
      'a verdict without an operation',
      row(each => ({ ...each, verdict: { ...each['verdict'], opID: undefined } }))
    ],
    [
      'a verdict with a reason that there is none of',
      row(each => ({
        ...each,
        verdict: { ...each['verdict'], error: { code: 1, reason: 'x', message: '' } }
      }))
    ]
  ] as typeof nonsense)(
    '%s among the verdicts is ignored without harm to others',
    async (_title, change) => {
      await prepare(open)
      await damage('verdicts', '', page =>
        (page[0] as Row)['verdict'].kind === 'applied' ? change(page) : page
      )
      const ann = await again()
      await expectWell(ann)
      expect(await refusals(ann)).toEqual([10021])
    }
  )
})

test('a second operation without an ID keeps the verdict of the first', async () => {
  const storage = createMemoryStorage()
  const stored: unknown[] = []
  for (const writes of ['first', 'second']) {
    await storage.transact([], () => damagedWrites({ commitNumber: 1, writes }))
    const ann = start(server, 'ann', { storage })
    const verdicts = (await ann.verdicts()) as unknown as { args: unknown }[]
    stored.push(verdicts.map(({ args }) => args))
    await ann.engine.close()
  }
  const [first, second] = ['first', 'second'].map(writes => ({ stored: { writes } }))
  expect(stored).toEqual([[first], [first, second]])
})
