/**
 * The kernel with any value as an argument. The decision is a code, or changes of well-formed rows.
 * The caller's object stays as it was, and nothing else changes.
 */

import * as v from 'valibot'
import { afterEach, expect, test } from 'vitest'
import { groupRow, memberRow } from '../../src/protocol/rows.ts'
import { cases, good } from './argument-cases.ts'
import { expectCleanPrototypes } from './prototypes.ts'
import { codeOf, group, judge, populated } from './world.ts'

afterEach(expectCleanPrototypes)

/** The lane of a call, as the store derives it. */
function laneOf(args: unknown): string {
  const groupID: unknown =
    typeof args === 'object' && args !== null && 'groupID' in args ? args.groupID : undefined
  return typeof groupID === 'string' && groupID !== '' ? groupID : '@TGS#0123456789012345678901'
}

/** Code that changes a frozen object throws. */
function freeze<T>(value: T): T {
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.isFrozen(value) ||
    ArrayBuffer.isView(value)
  )
    return value
  for (const each of Object.values(value)) freeze(each)
  return Object.freeze(value)
}

const known = {
  groups: Object.keys(group()).sort(),
  members: Object.keys(populated().get(memberOf('owner')) ?? {}).sort()
}
function memberOf(id: string) {
  return { table: 'members', scope: 'g', id } as const
}

test.each(cases)('%s', (_title, operation, args, code) => {
  const world = populated({ maxMemberNum: 2000 })
  const before = JSON.stringify(world.rows())
  const decision = judge(world, operation, freeze(args), good[operation].as, laneOf(args))
  expect(codeOf(decision)).toBe(code)
  expect(JSON.stringify(world.rows())).toBe(before)
  for (const { table, id, row } of decision.kind === 'accept' ? decision.changes : []) {
    const isGroup = table === 'groups'
    if (row === null || (!isGroup && table !== 'members')) continue
    expect(
      v.is(isGroup ? groupRow : memberRow, row),
      `a well-formed row: ${JSON.stringify(row)}`
    ).toBe(true)
    expect([Object.keys(row).sort(), Reflect.get(row, isGroup ? 'groupID' : 'userID')]).toEqual([
      known[table],
      id
    ])
  }
})

test('a user who is listed twice counts once', () => {
  const args = { groupID: 'g', userIDList: ['a', 'b', 'a'] }
  expect(judge(populated(), 'addGroupMember', args, good.addGroupMember.as)).toMatchObject({
    result: { successUserIDList: ['a', 'b'] }
  })
})
