import { admissionNeeds, admit } from '../admission.ts'
import { type ArgsOf } from '../args.ts'
import { groupID, userIDList } from '../ids.ts'
import { accept, defineOperation, onGroup, reject, unknown } from '../decision.ts'
import { memberKey, putGroup } from '../model.ts'
import { noticeTypes, tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'

const args = { groupID, userIDList }

/** Adds users without their consent. An existing member is not an error. */
export const addGroupMember = defineOperation({
  args,
  needs: ({ groupID, userIDList }) =>
    userIDList.flatMap(userID => admissionNeeds({ groupID, userID })),
  counted: ({ userIDList }) => userIDList,
  decide: onGroup(
    () => [permissions.addGroupMember],
    ({ group }, { groupID, userIDList }: ArgsOf<typeof args>, { actor, now, policy }, view) => {
      const rows = userIDList.map(userID => ({
        userID,
        row: view.get(memberKey({ groupID, userID }))
      }))
      const missing = rows.filter(({ row }) => row === undefined)
      if (missing.length > 0)
        return unknown(missing.map(({ userID }) => memberKey({ groupID, userID })))

      const hasRoom = (userID: string) => (view.groupCount(userID) ?? 0) < policy.groupsPerUserMax
      const outside = rows.filter(({ row }) => !row).map(({ userID }) => userID)
      const successUserIDList = outside.filter(hasRoom)
      const failureUserIDList = outside.filter(userID => !hasRoom(userID))
      const existedUserIDList = rows.filter(({ row }) => row).map(({ userID }) => userID)

      const memberNum = group.memberNum + successUserIDList.length
      if (memberNum > group.maxMemberNum)
        return reject('GroupFull', `room for ${group.maxMemberNum - group.memberNum}`)
      const joined = successUserIDList.flatMap(userID =>
        admit(view, { groupID, userID }, { now, handlerID: actor })
      )
      const result = { groupID, successUserIDList, failureUserIDList, existedUserIDList }
      const outcome = failureUserIDList.length > 0 ? 'partial' : 'applied'
      if (joined.length === 0) return accept([], result, { outcome })
      return accept([putGroup({ ...group, memberNum }), ...joined], result, {
        outcome,
        tip: { operationType: tipTypes.joined, userIDList: successUserIDList, memberNum },
        notices: [{ operationType: noticeTypes.invited, to: successUserIDList }]
      })
    }
  )
})
