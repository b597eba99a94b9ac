/** 2600 to 2999: codes that Tencent's SDK gives without a server. */

import { createTestServer } from '../../harness.ts'
import { agreed, crew, crewOf } from '../code-answers.ts'
import { endOf, judgedByServer, offlineDevice, ping, refusal, type Row } from './produce.ts'

export const sdkCodes: readonly Row[] = [
  [
    2600,
    'IllegalGroupType',
    'creating a group of another type',
    () =>
      agreed(createTestServer(), 'ann', 'createGroup', { ...crew, name: 'Crew', type: 'Community' })
  ],
  [
    2601,
    'CannotJoinPrivate',
    'joining with the type Private',
    async () => agreed(await crewOf('Private'), 'eve', 'joinGroup', { ...crew, type: 'Private' })
  ],
  [
    2620,
    'CannotTransferAVChatRoom',
    'transferring an AVChatRoom',
    async () =>
      agreed(await crewOf('AVChatRoom'), 'ann', 'changeGroupOwner', { ...crew, newOwnerID: 'bob' })
  ],
  [
    2621,
    'CannotTransferToSelf',
    'transferring to oneself',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'changeGroupOwner', { ...crew, newOwnerID: 'ann' })
  ],
  [
    2622,
    'CannotDismissPrivate',
    'dismissing a Private group',
    async () => agreed(await crewOf('Private'), 'ann', 'dismissGroup', crew)
  ],
  [
    2623,
    'NotInGroup',
    'quitting where one is not',
    async () => judgedByServer(await crewOf('Public'), 'eve', 'quitGroup', crew)
  ],
  [
    2661,
    'CannotInviteToAVChatRoom',
    'inviting to an AVChatRoom',
    async () =>
      agreed(await crewOf('AVChatRoom'), 'ann', 'addGroupMember', { ...crew, userIDList: ['eve'] })
  ],
  [
    2680,
    'CannotKickFromAVChatRoom',
    'removing from an AVChatRoom',
    async () =>
      agreed(await crewOf('AVChatRoom'), 'ann', 'deleteGroupMember', {
        ...crew,
        userIDList: ['bob']
      })
  ],
  [
    2681,
    'NotOwner',
    'setting a role, and not being the owner',
    async () =>
      agreed(await crewOf('Public'), 'bob', 'setGroupMemberRole', {
        ...crew,
        userID: 'ann',
        role: 'Admin'
      })
  ],
  [
    2682,
    'NoRolesInGroupType',
    'setting a role in a Private group',
    async () =>
      agreed(await crewOf('Private'), 'ann', 'setGroupMemberRole', {
        ...crew,
        userID: 'bob',
        role: 'Admin'
      })
  ],
  [
    2683,
    'IllegalRole',
    'making another owner',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'setGroupMemberRole', {
        ...crew,
        userID: 'bob',
        role: 'Owner'
      })
  ],
  [
    2684,
    'CannotSetOwnRole',
    'setting the role of oneself',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'setGroupMemberRole', {
        ...crew,
        userID: 'ann',
        role: 'Admin'
      })
  ],
  [
    2685,
    'CannotMuteSelf',
    'muting oneself',
    async () =>
      agreed(await crewOf('Public'), 'ann', 'setGroupMemberMuteTime', {
        ...crew,
        userID: 'ann',
        muteTime: 60
      })
  ],
  [
    2805,
    'NoNetwork',
    'joining a group never seen, without a network',
    async () => refusal(await (await offlineDevice()).engine.apply('joinGroup', crew))
  ],
  [
    2805,
    'NoNetwork',
    'looking for a group without a network',
    async () => refusal(await (await offlineDevice()).engine.readProfile('crew', true))
  ],
  [
    2999,
    'NotReady',
    'asking a store that is closed',
    async () => {
      const { engine } = await offlineDevice()
      await engine.close()
      return refusal(await engine.apply('createGroup', { name: 'Crew' }))
    }
  ],
  [2999, 'NotReady', 'talking to the server before saying who one is', () => endOf([ping])]
]
