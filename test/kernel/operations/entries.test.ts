/** Attributes and counters of a group. */

import { describe, expect, test } from 'vitest'
import { entriesKey, type EntriesTable } from '../../../src/kernel/model.ts'
import { codeOf, judge, perform, populated, type World } from '../world.ts'

const text = (bytes: number) => 'x'.repeat(bytes)
const entriesOf = (world: World, table: EntriesTable) =>
  world.get(entriesKey(table, 'g'))?.entries.map(({ key, value }) => [key, value])

function withAttributes(...pairs: readonly (readonly [key: string, value: string])[]): World {
  const world = populated()
  const groupAttributes = pairs.map(([key, value]) => ({ key, value }))
  perform(world, 'initGroupAttributes', { groupID: 'g', groupAttributes })
  return world
}

describe('attributes', () => {
  test('setGroupAttributes merges by key and keeps an empty value', () => {
    const world = withAttributes(['seat', 'ann'], ['light', 'on'])
    const groupAttributes = [
      { key: 'light', value: '' },
      { key: '__proto__', value: 'bob' }
    ]
    perform(world, 'setGroupAttributes', { groupID: 'g', groupAttributes }, 'member')
    expect(entriesOf(world, 'attributes')).toEqual([
      ['seat', 'ann'],
      ['light', ''],
      ['__proto__', 'bob']
    ])
  })

  test('initGroupAttributes replaces all attributes', () => {
    const world = withAttributes(['seat', 'ann'], ['light', 'on'])
    const groupAttributes = [{ key: 'seat', value: 'bob' }]
    perform(world, 'initGroupAttributes', { groupID: 'g', groupAttributes })
    expect(entriesOf(world, 'attributes')).toEqual([['seat', 'bob']])
  })

  test('deleteGroupAttributes removes keys and names those that were there', () => {
    const world = withAttributes(['seat', 'ann'], ['light', 'on'])
    const removing = { groupID: 'g', keyList: ['light', 'none'] }
    expect(perform(world, 'deleteGroupAttributes', removing).result).toEqual({
      groupID: 'g',
      keyList: ['light']
    })
    expect(entriesOf(world, 'attributes')).toEqual([['seat', 'ann']])
  })

  test('deleteGroupAttributes without keys removes all attributes', () => {
    const world = withAttributes(['seat', 'ann'], ['light', 'on'])
    const { result } = perform(world, 'deleteGroupAttributes', { groupID: 'g', keyList: [] })
    expect([result.keyList, entriesOf(world, 'attributes')]).toEqual([['seat', 'light'], []])
  })

  test('equal attributes change nothing', () => {
    const groupAttributes = [{ key: 'seat', value: 'ann' }]
    const args = { groupID: 'g', groupAttributes }
    expect(perform(withAttributes(['seat', 'ann']), 'setGroupAttributes', args).changes).toEqual([])
  })

  test.each([
    ['16 attributes', Array.from({ length: 16 }, (_, index) => [`k${index}`, 'x']), 'accepted'],
    ['17 attributes', Array.from({ length: 17 }, (_, index) => [`k${index}`, 'x']), 10004],
    ['a key of 32 bytes', [[text(32), 'x']], 'accepted'],
    ['a key of 33 bytes', [['é'.repeat(17), 'x']], 10004],
    ['a value of 4,096 bytes', [['k', text(4096)]], 'accepted'],
    ['a value of 4,097 bytes', [['k', text(4097)]], 10004],
    ['16 KiB in all', [1, 2, 3, 4].map(key => [`k${key}`, text(4094)]), 'accepted'],
    ['more than 16 KiB in all', [1, 2, 3, 4].map(key => [`k${key}`, text(4095)]), 10004]
  ] as [string, string[][], string | number][])('%s: %s', (_title, pairs, code) => {
    const groupAttributes = pairs.map(([key, value]) => ({ key, value }))
    const args = { groupID: 'g', groupAttributes }
    expect(codeOf(judge(populated(), 'initGroupAttributes', args))).toBe(code)
  })

  test('the limit of 16 holds for earlier and new attributes together', () => {
    const world = withAttributes(
      ...Array.from({ length: 16 }, (_, index) => [`k${index}`, 'x'] as const)
    )
    const set = (key: string) => ({ groupID: 'g', groupAttributes: [{ key, value: 'y' }] })
    expect(codeOf(judge(world, 'setGroupAttributes', set('k3')))).toBe('accepted')
    expect(codeOf(judge(world, 'setGroupAttributes', set('k16')))).toBe(10004)
  })
})

describe('counters', () => {
  test('increments and decrements add up, from 0 for a new counter', () => {
    const world = populated()
    const { result } = perform(world, 'increaseGroupCounter', { groupID: 'g', key: 'a', value: 5 })
    expect(result).toEqual({ groupID: 'g', key: 'a', value: 5 })
    perform(world, 'decreaseGroupCounter', { groupID: 'g', key: 'a', value: 7 }, 'member')
    perform(world, 'increaseGroupCounter', { groupID: 'g', key: '__proto__', value: 1 })
    expect(entriesOf(world, 'counters')).toEqual([
      ['a', -2],
      ['__proto__', 1]
    ])
  })

  test('setGroupCounters sets some counters and keeps the others', () => {
    const world = populated()
    const counters = [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 }
    ]
    perform(world, 'setGroupCounters', { groupID: 'g', counters })
    perform(world, 'setGroupCounters', { groupID: 'g', counters: [{ key: 'b', value: 3 }] })
    expect(entriesOf(world, 'counters')).toEqual([
      ['a', 1],
      ['b', 3]
    ])
  })

  test('a counter that leaves the safe integers is refused', () => {
    const world = populated()
    const most = { groupID: 'g', key: 'a', value: Number.MAX_SAFE_INTEGER }
    perform(world, 'increaseGroupCounter', most)
    const more = { groupID: 'g', key: 'a', value: 1 }
    expect(codeOf(judge(world, 'increaseGroupCounter', more))).toBe(10004)
    expect(codeOf(judge(world, 'decreaseGroupCounter', more))).toBe('accepted')
  })

  test('a group has at most 20 counters', () => {
    const world = populated()
    const counters = Array.from({ length: 20 }, (_, index) => ({ key: `k${index}`, value: 0 }))
    perform(world, 'setGroupCounters', { groupID: 'g', counters })
    const add = (key: string) =>
      judge(world, 'increaseGroupCounter', { groupID: 'g', key, value: 1 })
    expect([codeOf(add('k19')), codeOf(add('k20')), codeOf(add(text(129)))]).toEqual([
      'accepted',
      10004,
      10004
    ])
  })
})

test.each(['setGroupAttributes', 'increaseGroupCounter'] as const)(
  '%s is undecided without the row',
  name => {
    const world = populated().hide(entriesKey('attributes', 'g')).hide(entriesKey('counters', 'g'))
    const args = { groupID: 'g', groupAttributes: [], key: 'a', value: 1 }
    expect(codeOf(judge(world, name, args))).toBe('unknown')
  }
)
