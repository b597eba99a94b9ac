/** Rules for every operation. */

import { describe, expect, test } from 'vitest'
import { codeOf, createWorld, judge, populated } from '../world.ts'

const everyType = ['Private', 'Public', 'ChatRoom', 'AVChatRoom'] as const

describe('any operation', () => {
  const calls = [
    ['updateGroupProfile', { groupID: 'g', name: 'x' }],
    ['joinGroup', { groupID: 'g' }],
    ['quitGroup', { groupID: 'g' }],
    ['dismissGroup', { groupID: 'g' }],
    ['addGroupMember', { groupID: 'g', userIDList: ['x'] }],
    ['deleteGroupMember', { groupID: 'g', userIDList: ['x'] }],
    ['setGroupMemberRole', { groupID: 'g', userID: 'member', role: 'Admin' }]
  ] as const

  test.each(calls)('%s of an unknown group is refused', (operation, args) => {
    expect(codeOf(judge(createWorld(), operation, args))).toBe(10010)
    expect(codeOf(judge(createWorld(), operation, { ...args, groupID: 'ünmöglich' }))).toBe(10015)
  })

  test.each(calls)('%s never removes a row that it did not read', (operation, args) => {
    for (const type of everyType) {
      const decision = judge(populated({ type }), operation, args, 'owner')
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
