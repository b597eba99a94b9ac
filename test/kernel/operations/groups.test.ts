/** Creating, updating and dismissing groups. */

import { describe, expect, test } from 'vitest'
import type { OperationName } from '../../../src/kernel/decide.ts'
import { groupKey, memberKey } from '../../../src/kernel/model.ts'
import { codeOf, createWorld, group, judge, perform, populated } from '../world.ts'

const member = (userID: string) => memberKey({ groupID: 'g', userID })

describe('createGroup', () => {
  test('the creator owns the new group, which is Private by default', () => {
    const world = createWorld()
    const { result } = perform(world, 'createGroup', { name: 'Crew' })
    const { groupID } = result
    expect(groupID).toMatch(/^@TGS#/)
    expect(world.get(groupKey(groupID))).toMatchObject({
      type: 'Private',
      ownerID: 'owner',
      memberNum: 1,
      maxMemberNum: 200,
      joinOption: 'DisableApply'
    })
    expect(world.get(memberKey({ groupID, userID: 'owner' }))).toMatchObject({
      role: 'Owner',
      joinTime: 2000
    })
  })

  test('initial members join once each, some as admins', () => {
    const world = createWorld()
    const memberList = [
      { userID: 'b', role: 'Admin' as const },
      { userID: 'c' },
      { userID: 'c' },
      { userID: 'owner' }
    ]
    perform(world, 'createGroup', { groupID: 'g', name: 'Crew', type: 'Public', memberList })
    expect(world.get(groupKey('g'))?.memberNum).toBe(3)
    expect(world.get(member('b'))?.role).toBe('Admin')
    expect(world.get(member('c'))?.role).toBe('Member')
    expect(world.get(member('owner'))?.role).toBe('Owner')
  })

  test('the creator of an AVChatRoom owns it without being a member', () => {
    const world = createWorld()
    perform(world, 'createGroup', {
      groupID: 'g',
      name: 'Live',
      type: 'AVChatRoom',
      memberList: [{ userID: 'b' }]
    })
    expect(world.get(groupKey('g'))).toMatchObject({ ownerID: 'owner', memberNum: 0 })
    expect(world.get(member('b'))).toBeNull()
    expect(perform(world, 'joinGroup', { groupID: 'g' }).result.status).toBe('JoinedSuccess')
    expect(world.get(member('owner'))?.role).toBe('Owner')
    expect(perform(world, 'joinGroup', { groupID: 'g' }).result.status).toBe('AlreadyInGroup')
  })

  test.each([
    ['Private', 'DisableApply'],
    ['Public', 'NeedPermission'],
    ['ChatRoom', 'FreeAccess'],
    ['AVChatRoom', 'FreeAccess']
  ] as const)('a %s group asked for NeedPermission gets joinOption %s', (type, joinOption) => {
    const world = createWorld()
    perform(world, 'createGroup', {
      groupID: 'g',
      name: 'Crew',
      type,
      joinOption: 'NeedPermission'
    })
    expect(world.get(groupKey('g'))?.joinOption).toBe(joinOption)
  })

  test.each([
    ['a missing name', {}, 10004],
    ['an empty name', { name: '' }, 10004],
    ['a type that does not exist', { name: 'n', type: 'Community' }, 2600],
    ['an ID with the prefix of generated IDs', { name: 'n', groupID: '@TGS#mine' }, 10004],
    [
      'an owner among the initial members',
      { name: 'n', type: 'Public', memberList: [{ userID: 'b', role: 'Owner' }] },
      10004
    ],
    [
      'more initial members than fit',
      { name: 'n', maxMemberNum: 2, memberList: [{ userID: 'b' }, { userID: 'c' }] },
      10014
    ],
    ['a maximum over 6,000', { name: 'n', maxMemberNum: 6001 }, 10004],
    [
      '501 initial members',
      {
        name: 'n',
        type: 'Public',
        memberList: Array.from({ length: 501 }, (_, i) => ({ userID: `u${i}` }))
      },
      10005
    ]
  ])('is refused with %s', (_title, args, code) => {
    expect(codeOf(judge(createWorld(), 'createGroup', args))).toBe(code)
  })

  test('an initial admin of a Private group has the rights of a member', () => {
    const world = createWorld()
    const memberList = [{ userID: 'b', role: 'Admin' as const }, { userID: 'c' }]
    perform(world, 'createGroup', { groupID: 'g', name: 'n', memberList })
    expect(world.get(member('b'))?.role).toBe('Admin')
    const byAdmin = (operation: OperationName, args: object) =>
      codeOf(judge(world, operation, { groupID: 'g', ...args }, 'b'))
    expect([
      byAdmin('updateGroupProfile', { name: 'New' }),
      byAdmin('updateGroupProfile', { maxMemberNum: 300 }),
      byAdmin('deleteGroupMember', { userIDList: ['c'] })
    ]).toEqual(['accepted', 10007, 10007])
  })

  test('a taken ID has another code for its owner', () => {
    expect(codeOf(judge(populated(), 'createGroup', { groupID: 'g', name: 'n' }, 'somebody'))).toBe(
      10021
    )
    expect(codeOf(judge(populated(), 'createGroup', { groupID: 'g', name: 'n' }, 'owner'))).toBe(
      10025
    )
  })

  test('a device accepts an ID of an unknown group', () => {
    expect(
      codeOf(judge(createWorld().hide(groupKey('g')), 'createGroup', { groupID: 'g', name: 'n' }))
    ).toBe('accepted')
  })

  test('users in too many groups cannot create, or join as initial members', () => {
    expect(
      codeOf(judge(createWorld().setGroupCount('owner', 3000), 'createGroup', { name: 'n' }))
    ).toBe(10037)
    const world = createWorld().setGroupCount('b', 3000)
    const memberList = [{ userID: 'b' }, { userID: 'c' }]
    const created = perform(world, 'createGroup', { groupID: 'g', name: 'n', memberList })
    expect([world.get(member('b')), world.get(member('c'))?.role]).toEqual([null, 'Member'])
    expect([created.outcome, created.result]).toEqual([
      'partial',
      { groupID: 'g', failureUserIDList: ['b'] }
    ])
  })
})

describe('updateGroupProfile', () => {
  test('only passed fields change, and infoSequence rises', () => {
    const world = populated({ introduction: 'about' })
    perform(world, 'updateGroupProfile', { groupID: 'g', name: 'New', notification: '' })
    expect(world.get(groupKey('g'))).toEqual(
      group({ introduction: 'about', name: 'New', infoSequence: 2, lastInfoTime: 2000 })
    )
  })

  test('an empty text clears any field except the name', () => {
    const world = populated({ introduction: 'about' })
    perform(world, 'updateGroupProfile', { groupID: 'g', introduction: '' })
    expect(world.get(groupKey('g'))?.introduction).toBe('')
    expect(codeOf(judge(world, 'updateGroupProfile', { groupID: 'g', name: '' }))).toBe(10004)
  })

  test('custom fields are merged by key, and an empty value clears one', () => {
    const world = populated({
      groupCustomField: [
        { key: 'level', value: 'low' },
        { key: 'city', value: 'Oslo' }
      ]
    })
    perform(world, 'updateGroupProfile', {
      groupID: 'g',
      groupCustomField: [
        { key: 'level', value: 'high' },
        { key: 'city', value: '' }
      ]
    })
    expect(world.get(groupKey('g'))?.groupCustomField).toEqual([{ key: 'level', value: 'high' }])
  })

  test('a joinOption is ignored if the group type fixes it', () => {
    const world = populated({ type: 'ChatRoom' })
    expect(
      perform(world, 'updateGroupProfile', { groupID: 'g', joinOption: 'DisableApply' }).changes
    ).toEqual([])
    perform(populated(), 'updateGroupProfile', { groupID: 'g', joinOption: 'DisableApply' })
  })

  test('an update without a difference is accepted and changes nothing', () => {
    expect(
      perform(populated(), 'updateGroupProfile', { groupID: 'g', name: 'Crew' }).changes
    ).toEqual([])
  })

  test('maxMemberNum stays between memberNum and the limit of 6,000', () => {
    const limit = (maxMemberNum: number) =>
      codeOf(judge(populated(), 'updateGroupProfile', { groupID: 'g', maxMemberNum }))
    expect([limit(3), limit(4), limit(6000), limit(6001)]).toEqual([
      10004,
      'accepted',
      'accepted',
      10004
    ])
  })

  test('a refusal of permission outweighs a value over a limit', () => {
    expect(
      codeOf(
        judge(populated(), 'updateGroupProfile', { groupID: 'g', name: 'x'.repeat(31) }, 'member')
      )
    ).toBe(10007)
    expect(
      codeOf(judge(populated(), 'updateGroupProfile', { groupID: 'g', name: 'x'.repeat(31) }))
    ).toBe(10004)
  })
})

describe('dismissGroup', () => {
  test('dismissing removes the group and all its rows', () => {
    const world = populated()
    perform(world, 'dismissGroup', { groupID: 'g' })
    expect(world.rows()).toEqual([])
  })

  test('only an app admin can dismiss a Private group', () => {
    expect(
      codeOf(judge(populated({ type: 'Private' }), 'dismissGroup', { groupID: 'g' }, 'owner'))
    ).toBe(2622)
    expect(
      codeOf(
        judge(
          populated({ type: 'Private' }),
          'dismissGroup',
          { groupID: 'g' },
          { actor: 'app', isAppAdmin: true }
        )
      )
    ).toBe('accepted')
  })
})
