/** Joining groups, deciding on applications, and quitting. */

import { describe, expect, test } from 'vitest'
import { groupKey, memberKey } from '../../../src/kernel/model.ts'
import { codeOf, createWorld, judge, perform, populated } from '../world.ts'

const member = (userID: string) => memberKey({ groupID: 'g', userID })

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

  test('an unknown group is refused by servers and undecided on devices', () => {
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
