import { groupID } from '../ids.ts'
import { accept, defineOperation, onGroup, reject } from '../decision.ts'
import { marksNeeded, withoutMarks } from '../marks.ts'
import { dropGroup, dropMember, putGroup } from '../model.ts'
import { noticeTypes, tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'

/**
 * A Private group has no owner after its owner quits, and ends when its last member quits. Groups
 * of other types always have an owner and end only when dismissed.
 */
export const quitGroup = defineOperation({
  args: { groupID },
  needs: ({ groupID }, _actor, group) => marksNeeded(groupID, group),
  decide: onGroup(
    () => [permissions.quitGroup],
    ({ group, self }, _args, { actor, groupID }, view) => {
      // The rules refuse the owner of an AVChatRoom that has not joined it.
      if (!self) return reject('NotInGroup')
      const notices = [{ operationType: noticeTypes.quit, to: [actor] }]
      if (group.type === 'Private' && group.memberNum <= 1)
        return accept([dropGroup(groupID)], { groupID }, { notices })
      const ownerID = group.ownerID === actor ? '' : group.ownerID
      const memberNum = group.memberNum - 1
      return accept(
        [
          putGroup({ ...group, ownerID, memberNum }),
          dropMember(self),
          ...withoutMarks(view, groupID, [actor])
        ],
        { groupID },
        { tip: { operationType: tipTypes.quit, userIDList: [actor], memberNum }, notices }
      )
    }
  )
})
