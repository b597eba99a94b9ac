import { groupID } from '../args.ts'
import { accept, defineOperation, onGroup, reject } from '../decision.ts'
import { dropGroup, dropMember, putGroup } from '../model.ts'
import { noticeTypes, tipTypes } from '../notices.ts'
import { permissions } from '../permissions.ts'

/**
 * Seed: "Quitting a group". A Private group whose owner quits has no owner, and it ends with its last member. Every other
 * type has an owner, in it or not, and ends only when it is dismissed.
 */
export const quitGroup = defineOperation({
  args: { groupID },
  decide: onGroup(
    () => [permissions.quitGroup],
    ({ group, self }, _args, { actor, groupID }) => {
      // Only who owns an AVChatRoom without being in it has a role and no row, and the rules refuse an owner there.
      if (!self) return reject('NotInGroup')
      const notices = [{ operationType: noticeTypes.quit, to: [actor] }]
      if (group.type === 'Private' && group.memberNum <= 1)
        return accept([dropGroup(groupID)], { groupID }, { notices })
      const ownerID = group.ownerID === actor ? '' : group.ownerID
      const memberNum = group.memberNum - 1
      return accept(
        [putGroup({ ...group, ownerID, memberNum }), dropMember(self)],
        { groupID },
        { tip: { operationType: tipTypes.quit, userIDList: [actor], memberNum }, notices }
      )
    }
  )
})
