import { admissionNeeds, admit } from '../admission.ts'
import { choice, optional, text, type ArgsOf } from '../args.ts'
import { groupID } from '../ids.ts'
import { accept, defineOperation, onGroup, reject, unknown } from '../decision.ts'
import { limits } from '../limits.ts'
import {
  banKey,
  groupTypes,
  isOneOf,
  joinOptions,
  memberKey,
  putApplication,
  putGroup
} from '../model.ts'
import { noticeTypes, tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'

type JoinStatus = 'JoinedSuccess' | 'AlreadyInGroup' | 'WaitAdminApproval'

const args = {
  groupID,
  applyMessage: optional(text({ bytesMax: limits.applyMessageBytesMax })),
  type: optional(choice(groupTypes, 'IllegalGroupType'))
}

/** A group with NeedPermission gets an application. A second one replaces the first. */
export const joinGroup = defineOperation({
  args,
  needs: ({ groupID }, actor) => [
    ...admissionNeeds({ groupID, userID: actor }),
    banKey({ groupID, userID: actor })
  ],
  counted: (_args, actor) => [actor],
  undecidedOffline: 'refuse',
  decide: (view, given, ctx) =>
    given.type === 'Private' && !view.get(memberKey({ groupID: ctx.groupID, userID: ctx.actor }))
      ? reject('CannotJoinPrivate')
      : join(view, given, ctx)
})

const join = onGroup(
  () => [permissions.joinGroup],
  (
    { group, self },
    { applyMessage = '' }: ArgsOf<typeof args>,
    { actor, isAppAdmin, groupID, now, policy, seq },
    view
  ) => {
    const answer = (status: JoinStatus) => ({ groupID, status })
    if (self) return accept([], answer('AlreadyInGroup'))
    // Only the server has this row. A device without it predicts that there is no ban. An app admin
    // is an owner in every group, and nobody keeps an owner out.
    if (!isAppAdmin && (view.get(banKey({ groupID, userID: actor }))?.until ?? 0) > now)
      return reject('Banned')
    if (!isOneOf(joinOptions, group.joinOption)) return unknown([])
    if (group.joinOption === 'DisableApply')
      return reject('IllegalArgument', 'this group does not accept applications')
    if (group.memberNum >= group.maxMemberNum) return reject('GroupFull')
    if ((view.groupCount(actor) ?? 0) >= policy.groupsPerUserMax) return reject('TooManyGroups')
    if (group.joinOption === 'NeedPermission') {
      const application = putApplication({
        groupID,
        userID: actor,
        seq,
        applyMessage,
        applyTime: now,
        state: 'pending',
        handlerID: '',
        handleMessage: ''
      })
      const notice = {
        operationType: noticeTypes.applied,
        to: 'admins',
        handleMessage: applyMessage
      } as const
      return accept([application], answer('WaitAdminApproval'), { notices: [notice] })
    }
    const memberNum = group.memberNum + 1
    const role = group.ownerID === actor ? 'Owner' : 'Member'
    return accept(
      [
        putGroup({ ...group, memberNum }),
        ...admit(view, { groupID, userID: actor, role }, { now, handlerID: actor })
      ],
      answer('JoinedSuccess'),
      { tip: { operationType: tipTypes.joined, userIDList: [actor], memberNum } }
    )
  }
)
