import { describe, expect, test } from 'vitest'
import { defaultPolicy } from '../../src/kernel/limits.ts'
import { groupKey, memberKey } from '../../src/kernel/model.ts'
import { codeOf, createWorld, group, judge, perform, populated } from './world.ts'

const everyType = ['Private', 'Public', 'ChatRoom', 'AVChatRoom'] as const
const app = { actor: 'app', isAppAdmin: true }
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
      'admins in a Private group',
      { name: 'n', memberList: [{ userID: 'b', role: 'Admin' }] },
      2682
    ],
    [
      'more initial members than fit',
      { name: 'n', maxMemberNum: 2, memberList: [{ userID: 'b' }, { userID: 'c' }] },
      10014
    ],
    ['a maximum over that of the type', { name: 'n', maxMemberNum: 201 }, 10004],
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

  test('a taken ID is refused, with another code if the caller owns it', () => {
    expect(codeOf(judge(populated(), 'createGroup', { groupID: 'g', name: 'n' }, 'somebody'))).toBe(
      10021
    )
    expect(codeOf(judge(populated(), 'createGroup', { groupID: 'g', name: 'n' }, 'owner'))).toBe(
      10025
    )
  })

  test('a device accepts an ID of which it does not know the group', () => {
    expect(
      codeOf(judge(createWorld().hide(groupKey('g')), 'createGroup', { groupID: 'g', name: 'n' }))
    ).toBe('accepted')
  })

  test('users in too many groups cannot create, or join as initial members', () => {
    expect(
      codeOf(judge(createWorld().setGroupCount('owner', 3000), 'createGroup', { name: 'n' }))
    ).toBe(10037)
    const world = createWorld().setGroupCount('b', 3000)
    perform(world, 'createGroup', {
      groupID: 'g',
      name: 'n',
      memberList: [{ userID: 'b' }, { userID: 'c' }]
    })
    expect([world.get(member('b')), world.get(member('c'))?.role]).toEqual([null, 'Member'])
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

  test('a group has at most 20 custom fields over several updates', () => {
    const fields = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({ key: `k${from + i}`, value: 'v' }))
    const world = populated({ groupCustomField: fields(0, 15) })
    expect(
      codeOf(judge(world, 'updateGroupProfile', { groupID: 'g', groupCustomField: fields(15, 20) }))
    ).toBe('accepted')
    expect(
      codeOf(judge(world, 'updateGroupProfile', { groupID: 'g', groupCustomField: fields(15, 21) }))
    ).toBe(10004)
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

  test('maxMemberNum stays between memberNum and the limit of the type', () => {
    const limit = (maxMemberNum: number) =>
      codeOf(judge(populated(), 'updateGroupProfile', { groupID: 'g', maxMemberNum }))
    expect([limit(3), limit(4), limit(2000), limit(2001)]).toEqual([
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

describe('joinGroup', () => {
  test.each([
    ['FreeAccess', 'JoinedSuccess'],
    ['NeedPermission', 'WaitAdminApproval']
  ] as const)('a Public group with %s answers %s', (joinOption, status) => {
    expect(
      perform(populated({ joinOption }), 'joinGroup', { groupID: 'g' }, 'guest').result
    ).toEqual({ groupID: 'g', status })
  })

  test('a join raises memberNum', () => {
    const world = populated()
    perform(world, 'joinGroup', { groupID: 'g' }, 'guest')
    expect([world.get(groupKey('g'))?.memberNum, world.get(member('guest'))?.role]).toEqual([
      5,
      'Member'
    ])
  })

  test('a second application replaces the first', () => {
    const world = populated({ joinOption: 'NeedPermission' })
    perform(world, 'joinGroup', { groupID: 'g', applyMessage: 'hi' }, 'guest')
    perform(world, 'joinGroup', { groupID: 'g', applyMessage: 'please' }, 'guest')
    expect(world.get({ table: 'applications', scope: 'g', id: 'guest' })).toMatchObject({
      applyMessage: 'please',
      state: 'pending'
    })
    expect(world.get(member('guest'))).toBeNull()
  })

  test.each([
    ['a Private group', {}, { type: 'Private' }, 10007],
    ['with type Private', { type: 'Private' }, {}, 2601],
    ['a group that accepts no applications', {}, { joinOption: 'DisableApply' }, 10004],
    ['a full group', {}, { maxMemberNum: 4 }, 10014]
  ] as const)('%s is refused', (_title, args, profile, code) => {
    expect(codeOf(judge(populated(profile), 'joinGroup', { groupID: 'g', ...args }, 'guest'))).toBe(
      code
    )
  })

  test('an unknown group is refused by a server and undecided on a device', () => {
    expect(codeOf(judge(createWorld(), 'joinGroup', { groupID: 'nowhere' }))).toBe(10010)
    expect(
      codeOf(judge(createWorld().hide(groupKey('nowhere')), 'joinGroup', { groupID: 'nowhere' }))
    ).toBe('unknown')
  })

  test('a user in too many groups cannot join', () => {
    expect(
      codeOf(
        judge(populated().setGroupCount('guest', 3000), 'joinGroup', { groupID: 'g' }, 'guest')
      )
    ).toBe(10037)
  })
})

describe('handleGroupApplication', () => {
  test('a handled application is refused without the row of the applicant', () => {
    const world = populated({ joinOption: 'NeedPermission' })
    const agree = { groupID: 'g', userID: 'guest', handleAction: 'Agree' } as const
    perform(world, 'joinGroup', { groupID: 'g' }, 'guest')
    perform(world, 'handleGroupApplication', { ...agree, handleAction: 'Reject' }, 'admin')
    expect(codeOf(judge(world, 'handleGroupApplication', agree))).toBe(10024)
    expect(codeOf(judge(world.hide(member('guest')), 'handleGroupApplication', agree))).toBe(10024)
  })
})

describe('quitGroup', () => {
  test('quitting removes the member and lowers memberNum', () => {
    const world = populated()
    perform(world, 'quitGroup', { groupID: 'g' }, 'member')
    expect([world.get(groupKey('g'))?.memberNum, world.get(member('member'))]).toEqual([3, null])
  })

  test('a Private group whose owner quits has no owner', () => {
    const world = populated({ type: 'Private' })
    perform(world, 'quitGroup', { groupID: 'g' }, 'owner')
    expect(world.get(groupKey('g'))).toMatchObject({ ownerID: '', memberNum: 3 })
  })

  test.each(['Public', 'ChatRoom', 'AVChatRoom'] as const)(
    'the owner of a %s group cannot quit',
    type => {
      expect(codeOf(judge(populated({ type }), 'quitGroup', { groupID: 'g' }, 'owner'))).toBe(10009)
    }
  )

  test('an AVChatRoom remains after its last member quits', () => {
    const world = createWorld()
    perform(world, 'createGroup', { groupID: 'g', name: 'Live', type: 'AVChatRoom' })
    perform(world, 'joinGroup', { groupID: 'g' }, 'guest')
    perform(world, 'quitGroup', { groupID: 'g' }, 'guest')
    expect(world.get(groupKey('g'))).toMatchObject({ ownerID: 'owner', memberNum: 0 })
  })

  test('a Private group ends when its last member quits', () => {
    const world = createWorld()
    const { groupID } = perform(world, 'createGroup', { name: 'Alone' }).result
    perform(world, 'quitGroup', { groupID })
    expect(world.rows()).toEqual([])
  })

  test('a user outside the group cannot quit it', () => {
    expect(codeOf(judge(populated(), 'quitGroup', { groupID: 'g' }, 'guest'))).toBe(2623)
    expect(
      codeOf(judge(populated(), 'quitGroup', { groupID: 'g' }, { actor: 'app', isAppAdmin: true }))
    ).toBe(2623)
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

  test.each(calls)(
    '%s of a group that does not exist is refused 10010, of an impossible ID 10015',
    (operation, args) => {
      expect(codeOf(judge(createWorld(), operation, args))).toBe(10010)
      expect(codeOf(judge(createWorld(), operation, { ...args, groupID: 'ünmöglich' }))).toBe(10015)
    }
  )

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
