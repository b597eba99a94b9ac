import { describe, expect, test } from 'vitest'
import { defaultPolicy } from '../../src/kernel/limits.ts'
import { groupKey, memberKey } from '../../src/kernel/model.ts'
import { codeOf, createWorld, group, judge, perform, populated } from './world.ts'

const everyType = ['Private', 'Public', 'ChatRoom', 'AVChatRoom'] as const
const app = { actor: 'app', isAppAdmin: true }
const member = (userID: string) => memberKey({ groupID: 'g', userID })

describe('createGroup', () => {
  test('makes the creator the owner of a Private group unless a type is given', () => {
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

  test('brings initial members in, admins among them, each once and never the creator twice', () => {
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

  test('who creates an AVChatRoom owns it and still has to join; initial members are ignored', () => {
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
    ['an ID that only the store may give', { name: 'n', groupID: '@TGS#mine' }, 10004],
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

  test('is refused when the ID is taken, with another code when by oneself', () => {
    expect(codeOf(judge(populated(), 'createGroup', { groupID: 'g', name: 'n' }, 'somebody'))).toBe(
      10021
    )
    expect(codeOf(judge(populated(), 'createGroup', { groupID: 'g', name: 'n' }, 'owner'))).toBe(
      10025
    )
  })

  test('on a device that does not know whether the ID is taken goes ahead', () => {
    expect(
      codeOf(judge(createWorld().hide(groupKey('g')), 'createGroup', { groupID: 'g', name: 'n' }))
    ).toBe('accepted')
  })

  test('is refused to who is in too many groups, and leaves such initial members out', () => {
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
  test('changes what is passed and nothing else, and counts the change', () => {
    const world = populated({ introduction: 'about' })
    perform(world, 'updateGroupProfile', { groupID: 'g', name: 'New', notification: '' })
    expect(world.get(groupKey('g'))).toEqual(
      group({ introduction: 'about', name: 'New', infoSequence: 2, lastInfoTime: 2000 })
    )
  })

  test('an empty text clears, but a name cannot be cleared', () => {
    const world = populated({ introduction: 'about' })
    perform(world, 'updateGroupProfile', { groupID: 'g', introduction: '' })
    expect(world.get(groupKey('g'))?.introduction).toBe('')
    expect(codeOf(judge(world, 'updateGroupProfile', { groupID: 'g', name: '' }))).toBe(10004)
  })

  test('merges custom fields by key, and an empty value clears one', () => {
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

  test('holds at most 20 custom fields, however they came in', () => {
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

  test('a joinOption is ignored where the type leaves no choice', () => {
    const world = populated({ type: 'ChatRoom' })
    expect(
      perform(world, 'updateGroupProfile', { groupID: 'g', joinOption: 'DisableApply' }).changes
    ).toEqual([])
    perform(populated(), 'updateGroupProfile', { groupID: 'g', joinOption: 'DisableApply' })
  })

  test('changing nothing is accepted and changes nothing', () => {
    expect(
      perform(populated(), 'updateGroupProfile', { groupID: 'g', name: 'Crew' }).changes
    ).toEqual([])
  })

  test('the maximum stays between the members there are and what the type allows', () => {
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

  test('counts the new member', () => {
    const world = populated()
    perform(world, 'joinGroup', { groupID: 'g' }, 'guest')
    expect([world.get(groupKey('g'))?.memberNum, world.get(member('guest'))?.role]).toEqual([
      5,
      'Member'
    ])
  })

  test('applying leaves an application, and applying again renews it', () => {
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

  test('an unknown group: refused by who knows, undecided by who does not', () => {
    expect(codeOf(judge(createWorld(), 'joinGroup', { groupID: 'nowhere' }))).toBe(10010)
    expect(
      codeOf(judge(createWorld().hide(groupKey('nowhere')), 'joinGroup', { groupID: 'nowhere' }))
    ).toBe('unknown')
  })

  test('is refused to who is in too many groups', () => {
    expect(
      codeOf(
        judge(populated().setGroupCount('guest', 3000), 'joinGroup', { groupID: 'g' }, 'guest')
      )
    ).toBe(10037)
  })
})

describe('handleGroupApplication', () => {
  test('an application that was handled is refused, also by who does not know whether the applicant is a member', () => {
    const world = populated({ joinOption: 'NeedPermission' })
    const agree = { groupID: 'g', userID: 'guest', handleAction: 'Agree' } as const
    perform(world, 'joinGroup', { groupID: 'g' }, 'guest')
    perform(world, 'handleGroupApplication', { ...agree, handleAction: 'Reject' }, 'admin')
    expect(codeOf(judge(world, 'handleGroupApplication', agree))).toBe(10024)
    expect(codeOf(judge(world.hide(member('guest')), 'handleGroupApplication', agree))).toBe(10024)
  })
})

describe('quitGroup', () => {
  test('takes the member out and counts', () => {
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

  test('an AVChatRoom outlives its last guest', () => {
    const world = createWorld()
    perform(world, 'createGroup', { groupID: 'g', name: 'Live', type: 'AVChatRoom' })
    perform(world, 'joinGroup', { groupID: 'g' }, 'guest')
    perform(world, 'quitGroup', { groupID: 'g' }, 'guest')
    expect(world.get(groupKey('g'))).toMatchObject({ ownerID: 'owner', memberNum: 0 })
  })

  test('when the last member of a Private group quits, the group is gone', () => {
    const world = createWorld()
    const { groupID } = perform(world, 'createGroup', { name: 'Alone' }).result
    perform(world, 'quitGroup', { groupID })
    expect(world.rows()).toEqual([])
  })

  test('is refused to who is not in the group', () => {
    expect(codeOf(judge(populated(), 'quitGroup', { groupID: 'g' }, 'guest'))).toBe(2623)
    expect(
      codeOf(judge(populated(), 'quitGroup', { groupID: 'g' }, { actor: 'app', isAppAdmin: true }))
    ).toBe(2623)
  })
})

describe('dismissGroup', () => {
  test('takes the group and all its rows away', () => {
    const world = populated()
    perform(world, 'dismissGroup', { groupID: 'g' })
    expect(world.rows()).toEqual([])
  })

  test('a Private group can be dismissed by an app admin only', () => {
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
  test('tells who came in and who was in already', () => {
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

  test('who is in too many groups stays out, and the answer is partial', () => {
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

  test('more than fit are refused together', () => {
    expect(
      codeOf(
        judge(populated({ type: 'Private', maxMemberNum: 5 }), 'addGroupMember', {
          groupID: 'g',
          userIDList: ['x', 'y']
        })
      )
    ).toBe(10014)
  })

  test('is undecided where the membership of a user is not covered', () => {
    const world = populated({ type: 'Private' }).hide(member('new'))
    expect(judge(world, 'addGroupMember', { groupID: 'g', userIDList: ['new', 'x'] })).toEqual({
      kind: 'unknown',
      missing: [member('new')]
    })
  })
})

describe('deleteGroupMember', () => {
  test('an app admin who removes the last members of a Private group ends it', () => {
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

  test('removes members and counts each; who was not in the group is no error', () => {
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

  test('admins may remove common members where the policy says so', () => {
    const policy = { ...defaultPolicy, adminsCanKick: true }
    const kick = (userID: string, as: Parameters<typeof judge>[3]) =>
      codeOf(judge(populated(), 'deleteGroupMember', { groupID: 'g', userIDList: [userID] }, as))
    expect(kick('member', 'admin')).toBe(10007)
    expect(kick('member', { actor: 'admin', policy })).toBe('accepted')
    expect(kick('owner', { actor: 'admin', policy })).toBe(10007)
    expect(kick('admin', { actor: 'admin', policy })).toBe(10004)
  })

  test.each([
    ['oneself', ['owner'], 'owner', 10004],
    ['anybody, as a common member', ['member2'], 'member', 10007]
  ])('removing %s is refused', (_title, userIDList, actor, code) => {
    expect(
      codeOf(judge(populated(), 'deleteGroupMember', { groupID: 'g', userIDList }, actor))
    ).toBe(code)
  })

  test('an app admin cannot remove the owner, and nobody anybody from an AVChatRoom', () => {
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
  test('makes and unmakes admins', () => {
    const world = populated()
    perform(world, 'setGroupMemberRole', { groupID: 'g', userID: 'member', role: 'Admin' })
    perform(world, 'setGroupMemberRole', { groupID: 'g', userID: 'admin', role: 'Member' })
    expect([world.get(member('member'))?.role, world.get(member('admin'))?.role]).toEqual([
      'Admin',
      'Member'
    ])
  })

  test('a role that the member has already changes nothing', () => {
    expect(
      perform(populated(), 'setGroupMemberRole', { groupID: 'g', userID: 'admin', role: 'Admin' })
        .changes
    ).toEqual([])
  })

  test.each([
    ['not the owner, before anything else', 'admin', 'admin', 'King', 'Private', 2681],
    ['a type without admins, before the role', 'owner', 'owner', 'King', 'Private', 2682],
    ['a role that cannot be given, before the target', 'owner', 'owner', 'Owner', 'Public', 2683],
    ['oneself', 'owner', 'owner', 'Admin', 'Public', 2684],
    ['somebody who is not in the group', 'owner', 'stranger', 'Admin', 'Public', 10004]
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

  test.each(calls)('%s never removes a row it did not judge by', (operation, args) => {
    for (const type of everyType) {
      const decision = judge(populated({ type }), operation, args, 'owner')
      if (decision.kind === 'accept')
        for (const change of decision.changes) expect([change.scope, change.id]).toContain('g')
    }
  })

  test('an ID made up for an existing group is not accepted', () => {
    expect(codeOf(judge(populated(), 'quitGroup', { groupID: 'g' }, 'member', 'other'))).toBe(10015)
    expect(
      codeOf(judge(createWorld(), 'createGroup', { name: 'n' }, 'owner', 'chosen-by-nobody'))
    ).toBe(10015)
  })
})
