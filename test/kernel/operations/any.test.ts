/** Rules for every operation on an existing group. */

import { describe, expect, test } from 'vitest'
import { good, type Known } from '../argument-cases.ts'
import { codeOf, createWorld, judge, populated } from '../world.ts'

const everyType = ['Private', 'Public', 'ChatRoom', 'AVChatRoom'] as const

describe('any operation', () => {
  const calls = (Object.keys(good) as Known[])
    .filter(name => name !== 'createGroup')
    .map(name => [name, good[name].args, good[name].as] as const)

  test.each(calls)('%s of an unknown group is refused', (operation, args, as) => {
    expect(codeOf(judge(createWorld(), operation, args, as))).toBe(10010)
    const impossible = { ...args, groupID: 'ünmöglich' }
    expect(codeOf(judge(createWorld(), operation, impossible, as))).toBe(10015)
  })

  test.each(calls)('%s never removes a row that it did not read', (operation, args, as) => {
    for (const [type, actor] of everyType.flatMap(type => [
      [type, as] as const,
      [type, 'owner'] as const
    ])) {
      const decision = judge(populated({ type }), operation, args, actor)
      if (decision.kind === 'accept')
        for (const change of decision.changes) expect([change.scope, change.id]).toContain('g')
    }
  })

  test('a generated ID is refused for an existing group', () => {
    expect(codeOf(judge(populated(), 'quitGroup', { groupID: 'g' }, 'member', 'other'))).toBe(10015)
    expect(
      codeOf(judge(createWorld(), 'createGroup', { name: 'n' }, 'owner', 'chosen-by-nobody'))
    ).toBe(10015)
  })
})
