/** Fills an empty database by operations: 200 groups, one of them with 6,000 members. */

import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { generateUserSig } from 'offline-groups/server'
import { app } from './app.ts'
import { groupNames, people } from './seed-names.ts'
import { connect, type Operation } from './wire.ts'

const festival = 'harbour-festival'
const membersPerCall = 500

export async function seed(url: string): Promise<void> {
  const login = (userID: string) => connect(url, generateUserSig(app, { userID }))
  const ann = await login('ann')
  if (ann.groupCount > 0) return ann.close()
  console.log('First start: making 200 groups, one of them with 6,000 members …')
  const [bob, carla, admin] = await Promise.all([login('bob'), login('carla'), login('admin')])
  const clients = { ann, bob, carla }

  const groups = groupNames.map(ordinaryGroup)
  const ownedBy = (userID: string) =>
    groups.filter(({ owner }) => owner === userID).map(({ operation }) => operation)
  await Promise.all(Object.entries(clients).map(([userID, client]) => client.push(ownedBy(userID))))

  // Lists are sorted by the second of the last change. One second later, these groups come first.
  await setTimeout(1000)
  await ann.push(specialGroups)
  await Promise.all([
    ann.push([operation('quitGroup', 'plot-12', {}), operation('joinGroup', 'pier-live', {})]),
    bob.push([operation('joinGroup', 'pier-live', {})]),
    carla.push([
      operation('joinGroup', 'lighthouse', { applyMessage: 'I could take the Sundays.' })
    ]),
    admin.push(
      Array.from({ length: people.length / membersPerCall }, (_, call) =>
        operation('addGroupMember', festival, {
          userIDList: crowd.slice(call * membersPerCall, (call + 1) * membersPerCall)
        })
      )
    )
  ])
  for (const client of [ann, bob, carla, admin]) client.close()
}

/** With ann and bob, the member limit of a ChatRoom. */
const crowd = people.slice(0, 5998)

const specialGroups: readonly Operation[] = [
  create('boat-crew', {
    name: 'Sailing crew ⛵',
    type: 'Public',
    introduction: 'Everybody who sails, mends or bails out the Petrel.',
    notification: 'We meet at the slipway on Saturday, nine o’clock.',
    memberList: [
      { userID: 'bob', role: 'Admin' },
      ...people.slice(40, 58).map(userID => ({ userID }))
    ]
  }),
  create(festival, {
    name: 'Harbour festival 2026 🎆',
    type: 'ChatRoom',
    introduction: 'The whole town, more or less.',
    memberList: [{ userID: 'bob' }]
  }),
  create('weekend-badminton', {
    name: '周末羽毛球 🏸',
    type: 'Public',
    introduction: '每周六下午三点，体育馆二号场。',
    joinOption: 'NeedPermission',
    memberList: [{ userID: 'bob' }, ...people.slice(200, 216).map(userID => ({ userID }))]
  }),
  create('flat-3', { name: 'Flat 3', memberList: [{ userID: 'bob' }, { userID: 'mona.lang' }] }),
  create('plot-12', {
    name: 'Allotment 12',
    memberList: [{ userID: 'bob' }, { userID: 'otto.fischer' }]
  }),
  create('pier-live', { name: 'Live from the pier 🎙️', type: 'AVChatRoom' }),
  create('night-market', {
    name: 'Night market',
    type: 'ChatRoom',
    notification: 'Bring your own lanterns.'
  }),
  create('lighthouse', {
    name: 'Lighthouse keepers',
    type: 'Public',
    introduction: 'Whoever wants to keep the light has to ask.',
    joinOption: 'NeedPermission'
  })
]

/** Sizes, types and roles depend on the position only. */
function ordinaryGroup(name: string, index: number): { owner: string; operation: Operation } {
  const type = ['Public', 'Private', 'Public', 'ChatRoom', 'Public'][index % 5] ?? 'Public'
  const owner = ['ann', 'bob', 'ann', 'carla', 'ann', 'bob', 'ann'][index % 7] ?? 'ann'
  const first = (index * 41) % 5000
  const memberList = people.slice(first, first + ((index * 7) % 36)).map(userID => ({ userID }))
  const both = index % 3 !== 0 || owner === 'carla'
  const companions = ['ann', 'bob'].filter(userID => userID !== owner && both)
  const role = type !== 'Private' && index % 4 < 2 ? 'Admin' : undefined
  const args = {
    name,
    type,
    memberList: [...companions.map(userID => ({ userID, role })), ...memberList]
  }
  const groupID = `@TGS#${newID()}`
  return { owner, operation: { opID: newID(), name: 'createGroup', args, groupID } }
}

function create(groupID: string, args: Operation['args']): Operation {
  return operation('createGroup', groupID, args)
}

function operation(name: string, groupID: string, args: Operation['args']): Operation {
  return { opID: newID(), name, args: { groupID, ...args }, groupID }
}

/** 128 random bits in 22 characters. */
function newID(): string {
  return randomBytes(16).toString('base64url')
}
