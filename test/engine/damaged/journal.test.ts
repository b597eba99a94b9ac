/** Damage of whole journal records, and of every record at once. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JournalRecord } from '../../../src/storage/journal-format.ts'
import { endClients, expectWell, prepare, refusals, startServer, waiting } from './device.ts'
import { createRecords, stores } from './records.ts'

beforeEach(() => startServer())
afterEach(endClients)

describe.each(stores)('damaged records in the %s', store => {
  const { open, again, edit, damage } = createRecords(store)

  test('all damage at once leaves every operation with a verdict', async () => {
    await prepare(open)
    for (const [table, scope] of [
      ['meta', ''],
      ['groups', ''],
      ['members', 'crew'],
      ['members', 'den'],
      ['members', 'live'],
      ['outbox', ''],
      ['verdicts', '']
    ] as const)
      await damage(table, scope, () => 'rubbish')
    const ann = await again()
    await expectWell(ann, { lost: waiting.length })
    expect(new Set(await refusals(ann))).toEqual(new Set([4506]))
  })

  test.each([
    ['without writes', { writes: null }],
    ['with a number for a write', { writes: [5] }],
    ['with writes that are cut off', { writes: '{"count":2,"columns":{"table":["me' }],
    [
      'with columns that do not fit',
      { writes: '{"count":2,"columns":{"table":["meta","meta"],"scope":["a","b","c"]}}' }
    ],
    ['with an unknown table', { writes: [{ table: 'others', scope: '', id: 'x', row: {} }] }],
    ['with a number for a block', { writes: [{ table: 'members', scope: 'crew', block: 5 }] }],
    [
      'with a number for a block beside an ID',
      { writes: [{ table: 'members', scope: 'crew', id: 'ann', block: 5 }] }
    ],
    [
      'with a block of lists',
      { writes: [{ table: 'members', scope: 'crew', block: { per: 1, items: [1] } }] }
    ],
    ['with a number for its scopes', { checkpointed: 5, writes: 5 }]
  ])('a journal record %s is reported lost, and the device recovers', async (_title, change) => {
    await prepare(open)
    await edit('journal', null, record =>
      (record as JournalRecord).commitNumber === 1 ? { ...(record as object), ...change } : record
    )
    const ann = await again()
    await expectWell(ann)
    expect(await refusals(ann)).toContain(4506)
  })
})
