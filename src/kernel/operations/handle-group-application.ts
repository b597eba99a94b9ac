import { choice, groupID, optional, text, userID, type ArgsOf } from '../args.ts'
import { accept, defineOperation, onGroup, reject, unknown } from '../decision.ts'
import { limits } from '../limits.ts'
import { applicationKey, memberKey, muteKey, newMember, putApplication, putGroup, putMember } from '../model.ts'
import { noticeTypes, tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'
import { standingMute } from './set-group-member-mute-time.ts'

const args = {
  groupID,
  /** The applicant. */
  userID,
  handleAction: choice(['Agree', 'Reject']),
  handleMessage: optional(text({ bytesMax: limits.handleMessageBytesMax }))
}

/** Seed: "Processing an application to join a group". Whoever comes first decides; an application is handled once. */
export const handleGroupApplication = defineOperation({
  args,
  needs: user => [applicationKey(user), memberKey(user), muteKey(user)],
  counted: ({ userID }) => [userID],
  decide: onGroup(
    () => [permissions.handleGroupApplication],
    ({ group }, { groupID, userID, handleAction, handleMessage = '' }: ArgsOf<typeof args>, { actor, now, policy }, view) => {
      const application = view.get(applicationKey({ groupID, userID }))
      const member = view.get(memberKey({ groupID, userID }))
      if (application === undefined) return unknown([applicationKey({ groupID, userID })])
      if (application === null) return reject('IllegalArgument', `${userID} has not applied`)
      if (application.state !== 'pending') return reject('AlreadyHandled')
      if (member === undefined) return unknown([memberKey({ groupID, userID })])

      const handled = (state: 'agreed' | 'refused') => putApplication({ ...application, state, handlerID: actor, handleMessage })
      const answer = (operationType: typeof noticeTypes.agreed | typeof noticeTypes.refused) => ({
        operationType,
        to: [userID],
        handleMessage
      })
      if (handleAction === 'Reject') return accept([handled('refused')], { groupID }, { notices: [answer(noticeTypes.refused)] })
      // Somebody has let the applicant in by another way.
      if (member) return accept([handled('agreed')], { groupID })
      if (group.memberNum >= group.maxMemberNum) return reject('GroupFull')
      if ((view.groupCount(userID) ?? 0) >= policy.groupsPerUserMax) return reject('TooManyGroups', userID)
      const memberNum = group.memberNum + 1
      return accept(
        [
          handled('agreed'),
          putGroup({ ...group, memberNum }),
          putMember(newMember({ groupID, userID, joinTime: now, muteUntil: standingMute(view, { groupID, userID }, now) }))
        ],
        { groupID },
        { tip: { operationType: tipTypes.joined, userIDList: [userID], memberNum }, notices: [answer(noticeTypes.agreed)] }
      )
    }
  )
})
