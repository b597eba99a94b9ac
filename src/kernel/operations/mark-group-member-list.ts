import { flag, type ArgsOf } from '../args.ts'
import { groupID, userIDList } from '../ids.ts'
import { accept, defineOperation, onGroup, reject, unknown } from '../decision.ts'
import { limits } from '../limits.ts'
import { markedUsers, markType } from '../marks.ts'
import { marksKey, memberKey, putMarks } from '../model.ts'
import { permissions } from '../permissions.ts'

const { marksMax, membersPerMarkMax } = limits
const args = { groupID, userIDList, markType, enableMark: flag }

/** Marks members of an AVChatRoom, or removes a mark. Users outside it are a part not done. */
export const markGroupMemberList = defineOperation({
  args,
  needs: ({ groupID, userIDList }) => [
    marksKey(groupID),
    ...userIDList.map(userID => memberKey({ groupID, userID }))
  ],
  decide: onGroup(
    () => [permissions.markGroupMemberList],
    (_facts, { groupID, userIDList, markType, enableMark }: ArgsOf<typeof args>, _ctx, view) => {
      const row = view.get(marksKey(groupID))
      const isMember = (userID: string) => Boolean(view.get(memberKey({ groupID, userID })))
      const keys = [marksKey(groupID), ...userIDList.map(userID => memberKey({ groupID, userID }))]
      const missing = keys.filter(key => view.get(key) === undefined)
      if (missing.length > 0) return unknown(missing)

      const successUserIDList = userIDList.filter(isMember)
      const failureUserIDList = userIDList.filter(userID => !isMember(userID))
      const before = markedUsers(row, markType)
      const after = enableMark
        ? [...new Set([...before, ...successUserIDList])]
        : before.filter(userID => !successUserIDList.includes(userID))
      const others = row?.marks.filter(mark => mark.markType !== markType) ?? []
      const marks = after.length > 0 ? [...others, { markType, userIDList: after }] : others
      if (after.length > membersPerMarkMax)
        return reject('IllegalArgument', `at most ${membersPerMarkMax} members of a mark`)
      if (marks.length > marksMax) return reject('IllegalArgument', `at most ${marksMax} marks`)
      return accept(
        after.length === before.length ? [] : [putMarks({ groupID, marks })],
        { groupID, successUserIDList, failureUserIDList },
        { outcome: failureUserIDList.length > 0 ? 'partial' : 'applied' }
      )
    }
  )
})
