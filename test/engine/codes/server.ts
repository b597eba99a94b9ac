/** 10002 to 10037: codes of Tencent's servers. */

import { expect } from 'vitest'
import { createMemoryDatabase } from '../../../src/server/database/memory.ts'
import type { Database } from '../../../src/server/database/port.ts'
import { protocolVersion } from '../../../src/protocol/messages.ts'
import { createStuckDatabase, createTestServer } from '../../harness.ts'
import { act, agreed, both, crew, crewOf, declaring, judged } from '../code-answers.ts'
import { applied, endOf, hello, judgedByServer, ping, type Row } from './produce.ts'

const full = { maxMemberNum: 2 }

const oneEach = { policy: { groupsPerUserMax: 1 } }

export const serverCodes: readonly Row[] = [
  [
    10002,
    'ServerBusy',
    'meeting a server whose database is away',
    () => endOf([hello(protocolVersion)], createTestServer({ database: away() }))
  ],
  [
    10003,
    'UnknownOperation',
    'asking for what there is not',
    () => judged(createTestServer(), 'ann', 'sendMessage', crew)
  ],
  [
    10004,
    'IllegalArgument',
    'a name that is too long',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'updateGroupProfile', { ...crew, name: 'x'.repeat(31) })
  ],
  [
    10004,
    'IllegalArgument',
    'a join option that does not exist',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'updateGroupProfile', {
        ...crew,
        joinOption: 'Perhaps'
      })
  ],
  [
    10004,
    'IllegalArgument',
    'joining a group that takes no applications',
    async () =>
      judgedByServer(
        await crewOf('Public', { joinOption: 'DisableApply' }),
        'eve',
        'joinGroup',
        crew
      )
  ],
  [
    10004,
    'IllegalArgument',
    'muting somebody who is not in the group',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'setGroupMemberMuteTime', {
        ...crew,
        userID: 'eve',
        muteTime: 60
      })
  ],
  [
    10004,
    'UndeclaredField',
    'a custom field that is not declared',
    async () =>
      agreed(await crewOf('Public', declaring), 'ann', 'updateGroupProfile', {
        ...crew,
        groupCustomField: [{ key: 'other', value: 'v' }]
      })
  ],
  [
    10005,
    'TooManyAccounts',
    '501 users in one call',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'deleteGroupMember', {
        ...crew,
        userIDList: Array.from({ length: 501 }, (_, index) => `user${index}`)
      })
  ],
  [
    10006,
    'TooFrequent',
    'asking faster than the server can answer',
    () =>
      endOf(
        [hello(protocolVersion), ...Array.from({ length: 300 }, () => ping)],
        createTestServer({ database: createStuckDatabase('snapshot') })
      )
  ],
  [
    10007,
    'Banned',
    'joining an AVChatRoom before the time has ended',
    async () => {
      const server = await crewOf('AVChatRoom')
      await act(server, 'ann', 'deleteGroupMember', { ...crew, userIDList: ['bob'], duration: 60 })
      return judged(server, 'bob', 'joinGroup', crew)
    }
  ],
  [
    10007,
    'NotPermitted',
    'what one may not do',
    async () =>
      agreed(await crewOf('Public'), 'bob', 'updateGroupProfile', { ...crew, name: 'Mutiny' })
  ],
  [
    10007,
    'NotPermitted',
    'joining a Private group',
    async () => judgedByServer(await crewOf('Private'), 'eve', 'joinGroup', crew)
  ],
  [
    10009,
    'OwnerCannotQuit',
    'quitting as the owner',
    async () => agreed(await crewOf('Public'), 'ann', 'quitGroup', crew)
  ],
  [
    10010,
    'GroupNotFound',
    'a group that never was',
    () => judgedByServer(createTestServer(), 'ann', 'quitGroup', crew)
  ],
  [
    10010,
    'GroupNotFound',
    'a group that was dismissed',
    async () => {
      const server = await crewOf('Public')
      await act(server, 'ann', 'dismissGroup', crew)
      return judgedByServer(server, 'bob', 'quitGroup', crew)
    }
  ],
  [
    10014,
    'GroupFull',
    'joining a full group',
    async () => judgedByServer(await crewOf('Public', full), 'eve', 'joinGroup', crew)
  ],
  [
    10014,
    'GroupFull',
    'adding to a full group',
    async () =>
      agreed(await crewOf('Private', full), 'bob', 'addGroupMember', {
        ...crew,
        userIDList: ['eve']
      })
  ],
  [
    10014,
    'GroupFull',
    'letting somebody into a full group',
    async () =>
      agreed(await applied(full), 'ann', 'handleGroupApplication', {
        ...crew,
        userID: 'eve',
        handleAction: 'Agree'
      })
  ],
  [
    10014,
    'GroupFull',
    'creating a group with more members than it is for',
    () =>
      agreed(createTestServer(), 'ann', 'createGroup', {
        ...crew,
        name: 'Crew',
        maxMemberNum: 1,
        memberList: [{ userID: 'bob' }]
      })
  ],
  [
    10015,
    'IllegalGroupID',
    'a group that cannot be',
    () => agreed(createTestServer(), 'ann', 'quitGroup', { groupID: 'é' })
  ],
  [
    10021,
    'GroupIDTaken',
    'the ID of a group one is in',
    async () => agreed(await crewOf('Public'), 'bob', 'createGroup', { ...crew, name: 'His' })
  ],
  [
    10021,
    'GroupIDTaken',
    'the ID of a group one does not know',
    async () => {
      const { predicted, verdict } = await both(await crewOf('Private'), 'eve', 'createGroup', {
        ...crew,
        name: 'Hers'
      })
      expect(predicted).toBe('accepted')
      return verdict
    }
  ],
  [
    10024,
    'AlreadyHandled',
    'an application that was handled before',
    async () => {
      const server = await applied()
      await act(server, 'ann', 'handleGroupApplication', {
        ...crew,
        userID: 'eve',
        handleAction: 'Reject'
      })
      return agreed(server, 'ann', 'handleGroupApplication', {
        ...crew,
        userID: 'eve',
        handleAction: 'Agree'
      })
    }
  ],
  [
    10025,
    'GroupIDTakenByYou',
    'the ID of a group that one owns',
    async () => agreed(await crewOf('Public'), 'ann', 'createGroup', { ...crew, name: 'Again' })
  ],
  [
    10037,
    'TooManyGroups',
    'creating one group too many',
    async () =>
      agreed(await crewOf('Public', oneEach), 'ann', 'createGroup', {
        groupID: 'other',
        name: 'Other'
      })
  ],
  [
    10037,
    'TooManyGroups',
    'joining one group too many',
    async () => {
      const server = await crewOf('Public', oneEach)
      await act(server, 'eve', 'createGroup', { groupID: 'hers', name: 'Hers' })
      return judgedByServer(server, 'eve', 'joinGroup', crew)
    }
  ],
  [
    10037,
    'TooManyGroups',
    'letting in somebody who is in too many groups',
    async () => {
      const server = await applied(oneEach)
      await act(server, 'eve', 'createGroup', { groupID: 'hers', name: 'Hers' })
      return judged(server, 'ann', 'handleGroupApplication', {
        ...crew,
        userID: 'eve',
        handleAction: 'Agree'
      })
    }
  ]
]

/** A database that does not answer. */
function away(): Database {
  return {
    ...createMemoryDatabase('epoch'),
    snapshot: () => Promise.reject(new Error('the database is away'))
  }
}
