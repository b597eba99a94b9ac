/** Adding and removing members, and changing roles. */

import { describe, expect, test } from 'vitest'
import { defaultPolicy } from '../../../src/kernel/limits.ts'
import { groupKey, memberKey } from '../../../src/kernel/model.ts'
import { codeOf, judge, perform, populated, type World } from '../world.ts'

const app = { actor: 'app', isAppAdmin: true }
const member = (userID: string) => memberKey({ groupID: 'g', userID })

describe('addGroupMember', () => {
  test('the result lists new members and existing members', () => {
    const world = populated({ type: 'Private' })
    const { result, outcome } = perform(
      world,
      'addGroupMember',
      { groupID: 'g', userIDList: ['new', 'member', 'new'] },
      'member'
    )
    expect(result).toEqual({
      groupID: 'g',
      successUserIDList: ['new'],
      failureUserIDList: [],
      existedUserIDList: ['member']
    })
    expect([outcome, world.get(groupKey('g'))?.memberNum, world.get(member('new'))?.role]).toEqual([
      'applied',
      5,
      'Member'
    ])
  })

  test('users in too many groups are left out of a partial result', () => {
    const { result, outcome } = perform(
      populated({ type: 'Private' }).setGroupCount('busy', 3000),
      'addGroupMember',
      {
        groupID: 'g',
        userIDList: ['new', 'busy']
      }
    )
    expect([outcome, result.failureUserIDList]).toEqual(['partial', ['busy']])
  })

  test.each([
    ['Public', 10007, 'accepted'],
    ['ChatRoom', 10007, 'accepted'],
    ['AVChatRoom', 2661, 10007]
  ] as const)('into a %s group: owner %s, app admin %s', (type, asOwner, asAppAdmin) => {
    const add = (as: Parameters<typeof judge>[3]) =>
      codeOf(
        judge(populated({ type }), 'addGroupMember', { groupID: 'g', userIDList: ['new'] }, as)
      )
    expect([add('owner'), add({ actor: 'app', isAppAdmin: true })]).toEqual([asOwner, asAppAdmin])
  })

  test('more users than maxMemberNum allows are all refused', () => {
    expect(
      codeOf(
        judge(populated({ type: 'Private', maxMemberNum: 5 }), 'addGroupMember', {
          groupID: 'g',
          userIDList: ['x', 'y']
        })
      )
    ).toBe(10014)
  })

  test('an addition is undecided without the row of a user', () => {
    const world = populated({ type: 'Private' }).hide(member('new'))
    expect(judge(world, 'addGroupMember', { groupID: 'g', userIDList: ['new', 'x'] })).toEqual({
      kind: 'unknown',
      missing: [member('new')]
    })
  })
})

describe('deleteGroupMember', () => {
  test('a Private group ends when an app admin removes its last members', () => {
    const world = populated({ type: 'Private' })
    perform(world, 'quitGroup', { groupID: 'g' }, 'owner')
    perform(
      world,
      'deleteGroupMember',
      { groupID: 'g', userIDList: ['admin', 'member', 'member2'] },
      app
    )
    expect(world.rows()).toEqual([])
  })

  test('removed members are counted, and users outside are no error', () => {
    const world = populated()
    const { result } = perform(world, 'deleteGroupMember', {
      groupID: 'g',
      userIDList: ['admin', 'member', 'stranger'],
      reason: 'rules'
    })
    expect(result).toEqual({ groupID: 'g', userIDList: ['admin', 'member', 'stranger'] })
    expect([
      world.get(groupKey('g'))?.memberNum,
      world.get(member('admin')),
      world.get(member('member'))
    ]).toEqual([2, null, null])
  })

  test('admins may remove common members with the policy adminsCanKick', () => {
    const policy = { ...defaultPolicy, adminsCanKick: true }
    const kick = (userID: string, as: Parameters<typeof judge>[3]) =>
      codeOf(judge(populated(), 'deleteGroupMember', { groupID: 'g', userIDList: [userID] }, as))
    expect(kick('member', 'admin')).toBe(10007)
    expect(kick('member', { actor: 'admin', policy })).toBe('accepted')
    expect(kick('owner', { actor: 'admin', policy })).toBe(10007)
    expect(kick('admin', { actor: 'admin', policy })).toBe(10004)
  })

  test.each([
    ['the caller', ['owner'], 'owner', 10004],
    ['any member, by a common member,', ['member2'], 'member', 10007]
  ])('removing %s is refused', (_title, userIDList, actor, code) => {
    expect(
      codeOf(judge(populated(), 'deleteGroupMember', { groupID: 'g', userIDList }, actor))
    ).toBe(code)
  })

  describe('with a duration', () => {
    const kick = (world: World, as: Parameters<typeof judge>[3], duration = 60) =>
      codeOf(
        judge(world, 'deleteGroupMember', { groupID: 'g', userIDList: ['member'], duration }, as)
      )
    const join = (world: World, now: number) =>
      codeOf(judge(world, 'joinGroup', { groupID: 'g' }, { actor: 'member', now }))

    test('keeps users out of an AVChatRoom until its end', () => {
      const world = populated({ type: 'AVChatRoom' })
      perform(world, 'deleteGroupMember', { groupID: 'g', userIDList: ['member'], duration: 60 })
      expect([world.get(member('member')), world.get(groupKey('g'))?.memberNum]).toEqual([null, 3])
      expect([2000, 2059, 2060].map(now => join(world, now))).toEqual([10007, 10007, 'accepted'])
    })

    test('keeps out a user who has left in time', () => {
      const world = populated({ type: 'AVChatRoom' })
      perform(world, 'quitGroup', { groupID: 'g' }, 'member')
      perform(world, 'deleteGroupMember', { groupID: 'g', userIDList: ['member'], duration: 60 })
      expect(join(world, 2001)).toBe(10007)
    })

    test.each([
      ['the owner of an AVChatRoom', 'AVChatRoom', 'owner', 'accepted'],
      [
        'an app admin in an AVChatRoom',
        'AVChatRoom',
        { actor: 'app', isAppAdmin: true },
        'accepted'
      ],
      ['a member of an AVChatRoom', 'AVChatRoom', 'member2', 10007],
      ['a stranger to an AVChatRoom', 'AVChatRoom', 'stranger', 10007],
      ['the owner of a Public group', 'Public', 'owner', 10004],
      ['a stranger to a Public group', 'Public', 'stranger', 10007],
      ['the owner of a ChatRoom', 'ChatRoom', 'owner', 10004],
      ['a member of a Private group', 'Private', 'member2', 10004]
    ] as const)('%s gets the documented answer', (_title, type, as, code) => {
      expect(kick(populated({ type }), as)).toBe(code)
    })

    test('keeps no app admin out', () => {
      const world = populated({ type: 'AVChatRoom' })
      perform(world, 'deleteGroupMember', { groupID: 'g', userIDList: ['member'], duration: 60 })
      const as = { actor: 'member', isAppAdmin: true, now: 2001 }
      expect(codeOf(judge(world, 'joinGroup', { groupID: 'g' }, as))).toBe('accepted')
    })

    test('a ban of 0 seconds is none', () => {
      expect(kick(populated({ type: 'AVChatRoom' }), 'owner', 0)).toBe(2680)
      expect(kick(populated(), 'owner', 0)).toBe('accepted')
    })
  })

  test('nobody can remove the owner, or anyone from an AVChatRoom', () => {
    const app = { actor: 'app', isAppAdmin: true }
    expect(
      codeOf(judge(populated(), 'deleteGroupMember', { groupID: 'g', userIDList: ['owner'] }, app))
    ).toBe(10004)
    expect(
      codeOf(
        judge(
          populated({ type: 'AVChatRoom' }),
          'deleteGroupMember',
          { groupID: 'g', userIDList: ['member'] },
          app
        )
      )
    ).toBe(2680)
  })
})

describe('setGroupMemberRole', () => {
  test('the owner makes a member an admin and back', () => {
    const world = populated()
    perform(world, 'setGroupMemberRole', { groupID: 'g', userID: 'member', role: 'Admin' })
    perform(world, 'setGroupMemberRole', { groupID: 'g', userID: 'admin', role: 'Member' })
    expect([world.get(member('member'))?.role, world.get(member('admin'))?.role]).toEqual([
      'Admin',
      'Member'
    ])
  })

  test('a role that the member already has changes nothing', () => {
    expect(
      perform(populated(), 'setGroupMemberRole', { groupID: 'g', userID: 'admin', role: 'Admin' })
        .changes
    ).toEqual([])
  })

  test.each([
    ['not the owner, before anything else', 'admin', 'admin', 'King', 'Private', 2681],
    ['a type without admins, before the role', 'owner', 'owner', 'King', 'Private', 2682],
    ['a role that nobody can set, before the target', 'owner', 'owner', 'Owner', 'Public', 2683],
    ['the caller', 'owner', 'owner', 'Admin', 'Public', 2684],
    ['a user outside the group', 'owner', 'stranger', 'Admin', 'Public', 10004]
  ] as const)('is refused: %s', (_title, actor, userID, role, type, code) => {
    expect(
      codeOf(
        judge(populated({ type }), 'setGroupMemberRole', { groupID: 'g', userID, role }, actor)
      )
    ).toBe(code)
  })
})
