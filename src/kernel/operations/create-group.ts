import { choice, count, optional, text } from '../args.ts'
import { newGroupID } from '../ids.ts'
import { avatar, groupCustomField, memberList, name } from '../profile-args.ts'
import { accept, defineOperation, refuse, reject } from '../decision.ts'
import { limits, maxMemberNumDefault, maxMemberNumMax } from '../limits.ts'
import {
  groupKey,
  groupTypes,
  joinOptions,
  mergeFields,
  newMember,
  putGroup,
  putMember,
  type GroupRow,
  type GroupType,
  type JoinOption
} from '../model.ts'
import { noticeTypes } from '../notices.ts'
import { groupFieldRefusal, memberFieldRefusal } from '../field-permissions.ts'

const args = {
  name: name({ bytesMax: limits.nameBytesMax }),
  type: optional(choice(groupTypes, 'IllegalGroupType')),
  groupID: newGroupID,
  introduction: optional(text({ bytesMax: limits.introductionBytesMax })),
  notification: optional(text({ bytesMax: limits.notificationBytesMax })),
  avatar: optional(avatar),
  maxMemberNum: optional(count({ min: 1, max: maxMemberNumMax.AVChatRoom })),
  joinOption: optional(choice(joinOptions)),
  memberList: optional(memberList),
  groupCustomField: optional(groupCustomField)
}

/** `failureUserIDList`: users in too many groups, who were left out. */
type Created = { readonly groupID: string; readonly failureUserIDList?: readonly string[] }

/** The creator becomes the owner. The creator of an AVChatRoom owns it but has to join it. */
export const createGroup = defineOperation({
  args,
  counted: ({ memberList = [] }, actor) => [actor, ...memberList.map(({ userID }) => userID)],
  decide(view, given, ctx) {
    const { actor, groupID, now, policy } = ctx
    const type = given.type ?? 'Private'
    const maxMemberNum = given.maxMemberNum ?? maxMemberNumDefault[type]

    // A device assumes that an ID is free if it does not know the group. The server decides.
    const taken = view.get(groupKey(groupID))
    if (taken)
      return reject(taken.ownerID === actor ? 'GroupIDTakenByYou' : 'GroupIDTaken', groupID)

    const hasRoom = (userID: string) => (view.groupCount(userID) ?? 0) < policy.groupsPerUserMax
    if (!hasRoom(actor)) return reject('TooManyGroups')
    if (maxMemberNum > maxMemberNumMax[type])
      return reject('IllegalArgument', `maxMemberNum: at most ${maxMemberNumMax[type]}`)

    const invited = new Map((given.memberList ?? []).map(member => [member.userID, member]))
    invited.delete(actor)
    const named = type === 'AVChatRoom' ? [] : [...invited.values()]
    const initial = named.filter(({ userID }) => hasRoom(userID))
    const failureUserIDList = named.map(({ userID }) => userID).filter(userID => !hasRoom(userID))

    const members = initial.map(({ userID, role, memberCustomField }) =>
      newMember({
        groupID,
        userID,
        joinTime: now,
        role: role ?? 'Member',
        memberCustomField: mergeFields([], memberCustomField ?? [])
      })
    )
    if (type !== 'AVChatRoom')
      members.unshift(newMember({ groupID, userID: actor, joinTime: now, role: 'Owner' }))
    const acting = { type, role: 'Owner', isAppAdmin: ctx.isAppAdmin } as const
    for (const { key } of given.groupCustomField ?? []) {
      const reason = groupFieldRefusal(policy, acting, key)
      if (reason) return refuse(reason, key)
    }
    for (const { key } of initial.flatMap(({ memberCustomField = [] }) => memberCustomField)) {
      const reason = memberFieldRefusal(policy, acting, { key, isOwn: false })
      if (reason) return refuse(reason, key)
    }
    if (members.length > maxMemberNum) return reject('GroupFull')

    const group: GroupRow = {
      groupID,
      type,
      name: given.name,
      avatar: given.avatar ?? '',
      introduction: given.introduction ?? '',
      notification: given.notification ?? '',
      ownerID: actor,
      createTime: now,
      lastInfoTime: now,
      infoSequence: 1,
      memberNum: members.length,
      maxMemberNum,
      joinOption: fixedJoinOption[type] ?? given.joinOption ?? 'FreeAccess',
      muteAllMembers: false,
      groupCustomField: mergeFields([], given.groupCustomField ?? [])
    }
    const others = members.map(({ userID }) => userID).filter(userID => userID !== actor)
    const isPartial = failureUserIDList.length > 0
    const result: Created = isPartial ? { groupID, failureUserIDList } : { groupID }
    return accept([putGroup(group), ...members.map(putMember)], result, {
      outcome: isPartial ? 'partial' : 'applied',
      notices: [
        { operationType: noticeTypes.created, to: [actor] },
        ...(others.length > 0 ? [{ operationType: noticeTypes.invited, to: others }] : [])
      ]
    })
  }
})

/** Only a Public group has a choice. */
export const fixedJoinOption: Record<GroupType, JoinOption | undefined> = {
  Private: 'DisableApply',
  Public: undefined,
  ChatRoom: 'FreeAccess',
  AVChatRoom: 'FreeAccess'
}
