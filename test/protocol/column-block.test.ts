import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeRows,
  encodeRows,
  isColumnBlock,
  rowsOf,
  sliceBlock
} from '../../src/protocol/column-block.ts'

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

test('encoded rows decode to the same rows in the same order', () => {
  fc.assert(
    fc.property(fc.oneof(even, uneven), rows => {
      const text = JSON.stringify(rows)
      expect(JSON.stringify(decodeRows(JSON.parse(JSON.stringify(encodeRows(rows)))))).toBe(text)
    })
  )
})

test.each([
  ['an empty name and none', [{ '': 1 }, {}]],
  ['a comma in a name', [{ 'a,b': 1 }, { a: 1, b: 2 }]]
])('objects that differ by %s stay a list', (_title, rows) => {
  expect(encodeRows<object>(rows)).toBe(rows)
})

test('objects in a field become a block of their own', () => {
  const rows = [1, 2].map(seq => ({ seq, row: { name: `n${seq}`, type: 'Public' } }))
  expect(encodeRows(rows)).toEqual({
    count: 2,
    columns: { seq: [1, 2], row: { count: 2, columns: { name: ['n1', 'n2'], type: ['Public'] } } }
  })
})

test('lists of equal length become one block, and empty lists one value', () => {
  const rows = [1, 2].map(seq => ({ seq, fields: [{ key: 'title', value: `t${seq}` }], tags: [] }))
  expect(encodeRows(rows)).toEqual({
    count: 2,
    columns: {
      seq: [1, 2],
      fields: { per: 1, items: { count: 2, columns: { key: ['title'], value: ['t1', 't2'] } } },
      tags: [[]]
    }
  })
})

test('a slice of a block decodes to the slice of its rows', () => {
  const cut = fc.record({ rows: even, from: fc.nat(5), length: fc.integer({ min: 1, max: 5 }) })
  let blocks = 0
  fc.assert(
    fc.property(cut, ({ rows, from, length }) => {
      const block = encodeRows(rows)
      fc.pre(from < rows.length && isColumnBlock(block))
      blocks++
      const part: unknown = JSON.parse(JSON.stringify(sliceBlock(block, from, from + length)))
      expect(isColumnBlock(part) && JSON.stringify(rowsOf(part))).toBe(
        JSON.stringify(rows.slice(from, from + length))
      )
    }),
    { numRuns: 1000 }
  )
  expect(blocks).toBeGreaterThan(100)
})

test('a value that all rows share is stored once', () => {
  const rows = Array.from({ length: 3 }, (_, index) => ({ groupID: 'g', userID: `u${index}` }))
  expect(encodeRows(rows)).toEqual({
    count: 3,
    columns: { groupID: ['g'], userID: ['u0', 'u1', 'u2'] }
  })
})

test.each([
  ['a count with too few values', { count: 1e9, columns: { a: [1] } }],
  ['a count that is text', { count: '2', columns: { a: [1, 2] } }],
  ['columns of different lengths', { count: 2, columns: { a: [1, 2], b: [1, 2, 3] } }],
  ['a number as a column', { count: 2, columns: { a: [1, 2], b: 5 } }],
  [
    'more list items than there are',
    { count: 2, columns: { a: { per: 3, items: { count: 2, columns: { b: [1, 2] } } } } }
  ],
  [
    'endless lists',
    { count: 1e9, columns: { a: { per: 1e-9, items: { count: 1, columns: { b: [1] } } } } }
  ],
  [
    'lists of no items',
    { count: 1, columns: { a: { per: 0, items: { count: 1, columns: { b: [1] } } } } }
  ],
  ['a number as list items', { count: 2, columns: { a: { per: 1, items: 5 } } }],
  [
    'one list for all rows',
    { count: 2, columns: { a: [1, 2], b: { per: 2, items: { count: 2, columns: { c: [1, 2] } } } } }
  ],
  [
    'one object for all rows',
    { count: 2, columns: { a: [1, 2], b: { count: 1, columns: { c: [1] } } } }
  ],
  ['a field beside the columns', { count: 2, columns: { a: [1, 2] }, more: {} }],
  [
    'more than 64 columns',
    {
      count: 2,
      columns: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [index, [1, 2]]))
    }
  ],
  ['no columns', { count: 2, columns: {} }],
  ['null as columns', { count: 2, columns: null }],
  ['text', 'rows'],
  ['null', null]
])('%s: no column block', (_title, value) => {
  expect(decodeRows(value)).toBe(value)
  expect(isColumnBlock(value)).toBe(false)
})

test('a block cannot set the prototype of its rows', () => {
  for (const column of ['[{"role":"Owner"}]', '5', 'null']) {
    const value: unknown = JSON.parse(`{"count":2,"columns":{"a":[1,2],"__proto__":${column}}}`)
    expect([decodeRows(value), isColumnBlock(value)]).toEqual([value, false])
  }
})

test('endless nesting is no column block', () => {
  for (const [open, close] of [
    ['{"count":1,"columns":{"a":', '}}'],
    ['{"per":1,"items":', '}']
  ] as const) {
    const value: unknown = JSON.parse(`${open.repeat(20_000)}[1]${close.repeat(20_000)}`)
    expect([decodeRows(value) === value, isColumnBlock(value)]).toEqual([true, false])
  }
})

test('a list column alone is no column block', () => {
  const lists = { per: 1, items: { count: 1, columns: { a: [1] } } }
  expect(decodeRows(lists, { field: 'a', isWanted: () => true })).toBe(lists)
})
