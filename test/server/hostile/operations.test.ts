/** Operations that no correct client pushes: each is refused with its code. */

import { expect, test } from 'vitest'
import type { PushedOperation } from '../../../src/protocol/messages.ts'
import { push } from '../raw-client.ts'
import { on, openStage, operation, proto } from './stage.ts'

const { login, expectAlive } = openStage()

const operations: [
  title: string,
  userID: string,
  operation: Partial<PushedOperation>,
  outcome: number | 'retry' | 'applied'
][] = [
  ...['fly', 'toString', '__proto__', 'constructor', 'hasOwnProperty', ''].map(
    (name): (typeof operations)[number] => [
      `an operation called "${name}"`,
      'ann',
      on('crew', name),
      10003
    ]
  ),
  [
    'an operation with arguments about another group',
    'ann',
    { ...on('crew', 'dismissGroup'), groupID: 'den' },
    10015
  ],
  [
    'an operation of another group than its arguments',
    'mallory',
    { ...on('den', 'dismissGroup'), groupID: 'mine' },
    10015
  ],
  [
    'a new group whose arguments have no ID',
    'mallory',
    { ...on('crew', 'createGroup'), args: { name: 'Crew' } },
    10015
  ],
  [
    'a new group with a generated ID that is too short',
    'mallory',
    { groupID: '@TGS#short', name: 'createGroup', args: { name: 'x' } },
    10015
  ],
  [
    'a new group with a slash in its generated ID',
    'mallory',
    { groupID: '@TGS#012345678901234567890/', name: 'createGroup', args: { name: 'x' } },
    10015
  ],
  [
    'a new group that chooses a generated ID',
    'mallory',
    on('@TGS#0123456789012345678901', 'createGroup', { name: 'x' }),
    10004
  ],
  [
    'a new group with the ID of a Public group',
    'mallory',
    on('crew', 'createGroup', { name: 'x' }),
    10021
  ],
  [
    'a new group with the ID of a Private group',
    'mallory',
    on('den', 'createGroup', { name: 'x' }),
    10021
  ],
  [
    'an operation with an unknown predecessor',
    'ann',
    { ...on('crew', 'dismissGroup'), after: 'never' },
    'retry'
  ],
  [
    'an operation that is its own predecessor',
    'ann',
    { ...on('crew', 'dismissGroup'), opID: 'itself', after: 'itself' },
    'retry'
  ],
  [
    'a dismissal with a list for arguments',
    'ann',
    { ...on('crew', 'dismissGroup'), args: ['crew'] as never },
    10004
  ],
  ['a dismissal without arguments', 'ann', { ...on('crew', 'dismissGroup'), args: {} }, 10004],
  [
    'a dismissal with arguments in the prototype',
    'ann',
    { ...on('crew', 'dismissGroup'), args: proto({ groupID: 'crew' }) as never },
    10004
  ],
  [
    'a dismissal with a role in the prototype',
    'bob',
    on('crew', 'dismissGroup', proto({ role: 'Owner', isAppAdmin: true })),
    10007
  ],
  [
    'a removal of null',
    'ann',
    on('crew', 'deleteGroupMember', { userIDList: [null, 'bob'] }),
    10004
  ],
  [
    'an invitation of 501 users',
    'app',
    on('crew', 'addGroupMember', {
      userIDList: Array.from({ length: 501 }, (_, user) => `u${user}`)
    }),
    10005
  ],
  [
    'an invitation of 10,000 users',
    'app',
    on('crew', 'addGroupMember', {
      userIDList: Array.from({ length: 10_000 }, (_, user) => `u${user}`)
    }),
    10005
  ],
  [
    'a member limit of 1e308',
    'ann',
    on('crew', 'updateGroupProfile', { maxMemberNum: 1e308 }),
    10004
  ],
  [
    'a group name of 200,000 characters',
    'ann',
    on('crew', 'updateGroupProfile', { name: 'x'.repeat(200_000) }),
    10004
  ],
  [
    'a role of 200,000 characters',
    'ann',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'x'.repeat(200_000) }),
    2683
  ],
  [
    'a group type of 200,000 characters',
    'mallory',
    on('mine', 'createGroup', { name: 'x', type: 'x'.repeat(200_000) }),
    2600
  ],
  ['an unknown group named "__proto__"', 'mallory', on('__proto__', 'joinGroup'), 10010],
  ['an unknown group named "constructor"', 'mallory', on('constructor', 'quitGroup'), 10010],

  [
    'a stranger who claims to be the owner',
    'mallory',
    { ...on('crew', 'dismissGroup', { actor: 'ann' }), userID: 'ann', isAppAdmin: true } as never,
    10007
  ],
  [
    'a stranger who renames a Public group',
    'mallory',
    on('crew', 'updateGroupProfile', { name: 'x' }),
    10007
  ],
  [
    'a stranger who renames a Private group',
    'mallory',
    on('den', 'updateGroupProfile', { name: 'x' }),
    10007
  ],
  ['a stranger who dismisses a Private group', 'mallory', on('den', 'dismissGroup'), 10007],
  ['a stranger who joins a Private group', 'mallory', on('den', 'joinGroup'), 10007],
  [
    'a stranger who joins a Private group as Public',
    'mallory',
    on('den', 'joinGroup', { type: 'Public' }),
    10007
  ],
  [
    'a stranger who adds himself to a Private group',
    'mallory',
    on('den', 'addGroupMember', { userIDList: ['mallory'] }),
    10007
  ],
  [
    'a stranger who removes members',
    'mallory',
    on('crew', 'deleteGroupMember', { userIDList: ['bob'] }),
    10007
  ],
  [
    'a stranger who sets roles',
    'mallory',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'Admin' }),
    10007
  ],
  ['a stranger who quits', 'mallory', on('crew', 'quitGroup'), 2623],
  [
    'a member who promotes himself to admin',
    'bob',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'Admin' }),
    2681
  ],
  [
    'a member who promotes himself to owner',
    'bob',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'Owner' }),
    2681
  ],
  [
    'a member who removes the owner',
    'bob',
    on('crew', 'deleteGroupMember', { userIDList: ['ann'] }),
    10007
  ],
  [
    'a member who adds others',
    'bob',
    on('crew', 'addGroupMember', { userIDList: ['mallory'] }),
    10007
  ],
  ['a member who dismisses the group', 'bob', on('crew', 'dismissGroup'), 10007],
  ['an owner who quits', 'ann', on('crew', 'quitGroup'), 10009],
  [
    'an owner who promotes another owner',
    'ann',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'Owner' }),
    2683
  ],
  [
    'an owner who removes herself',
    'ann',
    on('crew', 'deleteGroupMember', { userIDList: ['bob', 'ann'] }),
    10004
  ],
  ['an owner who dismisses a Private group', 'ann', on('den', 'dismissGroup'), 2622],
  [
    'a removal of a user outside of the group',
    'ann',
    on('crew', 'deleteGroupMember', { userIDList: ['nobody'] }),
    'applied'
  ]
]
for (const [title, userID, wanted, outcome] of operations)
  test(`${title}: ${outcome}`, async () => {
    const client = await login(userID)
    expect(await client.judge(wanted)).toBe(outcome)
    await expectAlive()
  })

test('an operation ID gets its first verdict for other operations too', async () => {
  const [ann, phone] = [await login('ann'), await login('ann')]
  const opID = 'once'
  const refused = {
    ...operation,
    opID,
    name: 'updateGroupProfile',
    args: { groupID: 'crew', name: '' }
  }
  const allowed = { ...refused, args: { groupID: 'crew', name: 'Taken over' } }
  ann.send(push(refused, allowed))
  const verdicts: unknown[] = []
  while (verdicts.length < 2) verdicts.push(...(await ann.next('delta')).verdicts)
  expect(verdicts).toMatchObject([
    { opID, kind: 'rejected', error: { code: 10004 } },
    { opID, kind: 'rejected', error: { code: 10004 } }
  ])
  expect(await ann.judge(allowed)).toBe(10004)
  expect(await phone.judge({ ...allowed, name: 'dismissGroup', args: { groupID: 'crew' } })).toBe(
    10004
  )
  expect(
    await phone.judge({ ...allowed, groupID: 'den', args: { groupID: 'den', name: 'Taken over' } })
  ).toBe(10004)
  await expectAlive()
})

test('an operation ID of another user gets a verdict of its own', async () => {
  const [ann, mallory] = [await login('ann'), await login('mallory')]
  const hers = { ...on('crew', 'deleteGroupMember', { userIDList: ['nobody'] }), opID: 'hers' }
  expect(await ann.judge(hers)).toBe('applied')
  expect(await mallory.judge(hers)).toBe(10007)
  expect(await mallory.judge({ ...on('crew', 'quitGroup'), after: 'hers' })).toBe(2623)
  expect(await mallory.judge({ ...on('crew', 'quitGroup'), after: 'hers too' })).toBe('retry')
  await expectAlive()
})
