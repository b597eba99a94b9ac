import { admissionNeeds, admit } from '../admission.ts'
import { choice, count, optional, text, type ArgsOf } from '../args.ts'
import { groupID, userID } from '../ids.ts'
import { accept, defineOperation, onGroup, reject, unknown } from '../decision.ts'
import { limits } from '../limits.ts'
import {
  applicationKey,
  applicationStates,
  isOneOf,
  memberKey,
  putApplication,
  putGroup
} from '../model.ts'
import { noticeTypes, tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'

const args = {
  groupID,
  /** The applicant. */
  userID,
  /** Which of their applications, as in its notice. Default: the one that the device shows. */
  applicationSeq: optional(count({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  handleAction: choice(['Agree', 'Reject']),
  handleMessage: optional(text({ bytesMax: limits.handleMessageBytesMax }))
}

/**
 * The first decision counts: an application is handled once. It also counts as handled when its
 * author has joined or has applied once more.
 */
export const handleGroupApplication = defineOperation({
  args,
  needs: admissionNeeds,
  counted: ({ userID }) => [userID],
  complete: ({ applicationSeq, ...given }, view) => {
    const seq = applicationSeq ?? view.get(applicationKey(given))?.seq
    return { ...given, ...(seq !== undefined && { applicationSeq: seq }) }
  },
  decide: onGroup(
    () => [permissions.handleGroupApplication],
    ({ group }, given: ArgsOf<typeof args>, { actor, now, policy, seen = 0 }, view) => {
      const { groupID, userID, handleAction, handleMessage = '' } = given
      const application = view.get(applicationKey({ groupID, userID }))
      const member = view.get(memberKey({ groupID, userID }))
      if (application === undefined) return unknown([applicationKey({ groupID, userID })])
      if (application === null) return reject('IllegalArgument', `${userID} has not applied`)
      const { seq, state } = application
      if (!isOneOf(applicationStates, state)) return unknown([])
      // Without a number, the device held no notice. It cannot have meant a later application.
      const isAnother =
        given.applicationSeq === undefined ? seen > 0 && seq > seen : given.applicationSeq !== seq
      if (state !== 'pending' || isAnother) return reject('AlreadyHandled')
      if (member === undefined) return unknown([memberKey({ groupID, userID })])
      if (member) return reject('AlreadyHandled')

      const answer = (operationType: typeof noticeTypes.agreed | typeof noticeTypes.refused) => ({
        operationType,
        to: [userID],
        handleMessage
      })
      if (handleAction === 'Reject') {
        const refused = putApplication({
          ...application,
          state: 'refused',
          handlerID: actor,
          handleMessage
        })
        return accept([refused], { groupID }, { notices: [answer(noticeTypes.refused)] })
      }
      if (group.memberNum >= group.maxMemberNum) return reject('GroupFull')
      if ((view.groupCount(userID) ?? 0) >= policy.groupsPerUserMax)
        return reject('TooManyGroups', userID)
      const memberNum = group.memberNum + 1
      return accept(
        [
          putGroup({ ...group, memberNum }),
          ...admit(view, { groupID, userID }, { now, handlerID: actor, handleMessage })
        ],
        { groupID },
        {
          tip: { operationType: tipTypes.joined, userIDList: [userID], memberNum },
          notices: [answer(noticeTypes.agreed)]
        }
      )
    }
  )
})
