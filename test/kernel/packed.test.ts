import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isFlat, pack, rowsOf, slice, unpack } from '../../src/protocol/packed.ts'

const item = fc.record({ key: fc.constantFrom('a', 'b'), value: fc.nat(2) })
const lists = fc.oneof(
  fc.array(item, { maxLength: 2 }),
  fc.array(item, { minLength: 2, maxLength: 2 })
)
const even = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 })
  .chain(fields =>
    fc.array(
      fc.record(
        Object.fromEntries(
          fields.map(field => [
            field,
            fc.oneof(
              fc.constant(0),
              fc.jsonValue(),
              fc.record({ a: fc.nat(2), b: fc.nat(2) }),
              lists
            )
          ])
        )
      )
    )
  )
const uneven = fc.array(
  fc.dictionary(fc.constantFrom('a', 'b', 'count', 'columns'), fc.jsonValue())
)

test('packed rows come back as they were, in their order, through JSON as well', () => {
  fc.assert(
    fc.property(fc.oneof(even, uneven), rows => {
      const text = JSON.stringify(rows)
      expect(JSON.stringify(unpack(JSON.parse(JSON.stringify(pack(rows)))))).toBe(text)
    })
  )
})

test('objects in a field are packed as well', () => {
  const rows = [1, 2].map(seq => ({ seq, row: { name: `n${seq}`, type: 'Public' } }))
  expect(pack(rows)).toEqual({
    count: 2,
    columns: { seq: [1, 2], row: { count: 2, columns: { name: ['n1', 'n2'], type: ['Public'] } } }
  })
})

test('lists of as many objects each are packed as well, and lists without any are said once', () => {
  const rows = [1, 2].map(seq => ({ seq, fields: [{ key: 'title', value: `t${seq}` }], tags: [] }))
  expect(pack(rows)).toEqual({
    count: 2,
    columns: {
      seq: [1, 2],
      fields: { per: 1, items: { count: 2, columns: { key: ['title'], value: ['t1', 't2'] } } },
      tags: [[]]
    }
  })
})

test('what is cut from packed rows are the rows from there to there', () => {
  const cut = fc.record({ rows: even, from: fc.nat(5), length: fc.integer({ min: 1, max: 5 }) })
  let flat = 0
  fc.assert(
    fc.property(cut, ({ rows, from, length }) => {
      const packed = pack(rows)
      fc.pre(from < rows.length && isFlat(packed))
      flat++
      const part: unknown = JSON.parse(JSON.stringify(slice(packed, from, from + length)))
      expect(isFlat(part) && JSON.stringify(rowsOf(part))).toBe(
        JSON.stringify(rows.slice(from, from + length))
      )
    }),
    { numRuns: 1000 }
  )
  expect(flat).toBeGreaterThan(100)
})

test('what all rows have is said once', () => {
  const rows = Array.from({ length: 3 }, (_, index) => ({ groupID: 'g', userID: `u${index}` }))
  expect(pack(rows)).toEqual({ count: 3, columns: { groupID: ['g'], userID: ['u0', 'u1', 'u2'] } })
})

test.each([
  ['a count without values', { count: 1e9, columns: { a: [1] } }],
  ['a count in words', { count: '2', columns: { a: [1, 2] } }],
  ['columns of different lengths', { count: 2, columns: { a: [1, 2], b: [1, 2, 3] } }],
  ['a column that is none', { count: 2, columns: { a: [1, 2], b: 5 } }],
  [
    'lists of more than there are',
    { count: 2, columns: { a: { per: 3, items: { count: 2, columns: { b: [1, 2] } } } } }
  ],
  [
    'lists without an end',
    { count: 1e9, columns: { a: { per: 1e-9, items: { count: 1, columns: { b: [1] } } } } }
  ],
  [
    'lists of none',
    { count: 1, columns: { a: { per: 0, items: { count: 1, columns: { b: [1] } } } } }
  ],
  ['lists of what is none', { count: 2, columns: { a: { per: 1, items: 5 } } }],
  [
    'one list for all, which would be as many objects',
    { count: 2, columns: { a: [1, 2], b: { per: 2, items: { count: 2, columns: { c: [1, 2] } } } } }
  ],
  [
    'one object for all',
    { count: 2, columns: { a: [1, 2], b: { count: 1, columns: { c: [1] } } } }
  ],
  ['something beside the columns', { count: 2, columns: { a: [1, 2] }, more: {} }],
  [
    'more columns than any row has',
    {
      count: 2,
      columns: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [index, [1, 2]]))
    }
  ],
  ['no columns', { count: 2, columns: {} }],
  ['null for columns', { count: 2, columns: null }],
  ['no object', 'rows'],
  ['null', null]
])('%s: is not unpacked, so that whoever checks the rows refuses it', (_title, packed) => {
  expect(unpack(packed)).toBe(packed)
  expect(isFlat(packed)).toBe(false)
})

test('nothing that comes packed gets a prototype of its own', () => {
  for (const column of ['[{"role":"Owner"}]', '5', 'null']) {
    const packed: unknown = JSON.parse(`{"count":2,"columns":{"a":[1,2],"__proto__":${column}}}`)
    expect([unpack(packed), isFlat(packed)]).toEqual([packed, false])
  }
})

test('what is nested without end is not unpacked', () => {
  for (const [open, close] of [
    ['{"count":1,"columns":{"a":', '}}'],
    ['{"per":1,"items":', '}']
  ] as const) {
    const packed: unknown = JSON.parse(`${open.repeat(20_000)}[1]${close.repeat(20_000)}`)
    expect([unpack(packed) === packed, isFlat(packed)]).toEqual([true, false])
  }
})

test('of lists alone, no field can be asked for', () => {
  const lists = { per: 1, items: { count: 1, columns: { a: [1] } } }
  expect(unpack(lists, { field: 'a', isWanted: () => true })).toBe(lists)
})
