/**
 * The calls of Tencent's SDK that are not about groups: messages, conversations, profiles, friends
 * and signaling. An instance of Tencent's SDK answers them, if the app gives one as `delegate`.
 */

import { copyOf } from '../client/copying.ts'
import type { GroupCalls } from './api.ts'
import type { Args } from '../kernel/decide.ts'
import type { OrOther, RemindType } from '../kernel/model.ts'
import { TYPES } from './constants.ts'
import { askLater } from './delegate-answers.ts'
import { fieldOf } from './field.ts'
import { IMError, type IMResponse } from './im-error.ts'

/** Calls that return a promise. */
const asking = [
  'downloadMergerMessage',
  'sendMessage',
  'revokeMessage',
  'resendMessage',
  'deleteMessage',
  'translateText',
  'convertVoiceToText',
  'setMessageExtensions',
  'getMessageExtensions',
  'deleteMessageExtensions',
  'modifyMessage',
  'searchCloudMessages',
  'searchCloudGroups',
  'searchCloudUsers',
  'searchCloudGroupMembers',
  'addMessageReaction',
  'removeMessageReaction',
  'getMessageReactions',
  'getAllUserListOfMessageReaction',
  'getMessageListHopping',
  'setMessageRead',
  'sendMessageReadReceipt',
  'getMessageReadReceiptList',
  'getGroupMessageReadMemberList',
  'getConversationList',
  'deleteConversation',
  'setConversationDraft',
  'clearHistoryMessage',
  'pinConversation',
  'setAllMessageRead',
  'setAllReceiveMessageOpt',
  'getAllReceiveMessageOpt',
  'setConversationCustomData',
  'markConversation',
  'getConversationGroupList',
  'createConversationGroup',
  'deleteConversationGroup',
  'renameConversationGroup',
  'addConversationsToGroup',
  'deleteConversationsFromGroup',
  'getUserProfile',
  'updateMyProfile',
  'getBlacklist',
  'addToBlacklist',
  'removeFromBlacklist',
  'setSelfStatus',
  'getUserStatus',
  'subscribeUserStatus',
  'unsubscribeUserStatus',
  'getFriendList',
  'addFriend',
  'deleteFriend',
  'checkFriend',
  'getFriendProfile',
  'updateFriend',
  'getFriendApplicationList',
  'acceptFriendApplication',
  'refuseFriendApplication',
  'deleteFriendApplication',
  'setFriendApplicationRead',
  'getFriendGroupList',
  'createFriendGroup',
  'deleteFriendGroup',
  'addToFriendGroup',
  'removeFromFriendGroup',
  'renameFriendGroup',
  'followUser',
  'unfollowUser',
  'getMyFollowersList',
  'getMyFollowingList',
  'getMutualFollowersList',
  'getUserFollowInfo',
  'checkFollowType',
  'pinGroupMessage',
  'getPinnedGroupMessageList',
  'getGroupOnlineMemberCount',
  'getJoinedCommunityList',
  'createTopicInCommunity',
  'deleteTopicFromCommunity',
  'updateTopicProfile',
  'getTopicList',
  'invite',
  'inviteInGroup',
  'cancel',
  'accept',
  'reject',
  'modifyInvitation'
] as const

/** Calls that return at once, so they throw. */
const synchronous = [
  'createTextMessage',
  'createTextAtMessage',
  'createImageMessage',
  'createAudioMessage',
  'createVideoMessage',
  'createCustomMessage',
  'createFaceMessage',
  'createFileMessage',
  'createLocationMessage',
  'createMergerMessage',
  'createForwardMessage',
  'findMessage',
  'getTotalUnreadMessageCount',
  'addSignalingListener',
  'removeSignalingListener',
  'inviteSync',
  'inviteInGroupSync',
  'getSignalingInfo'
] as const

/**
 * Calls that are not about groups. With a `delegate`, its types count. Without one, they fail with
 * 2905.
 */
export type TimOtherCalls = {
  [N in (typeof asking)[number]]: (...args: readonly unknown[]) => Promise<never>
} & { [N in (typeof synchronous)[number]]: (...args: readonly unknown[]) => never }

/** The remind type of conversations with users, which is the delegate's. */
export type TimRemindTypes = {
  /**
   * The SDK's remind type of conversations with users. The delegate answers. Without one: 2905.
   *
   * @example
   * const messageRemindType = TIM.TYPES.MSG_REMIND_DISCARD
   * await tim
   *   .setMessageRemindType({ userIDList: ['bob'], messageRemindType })
   *   .catch(imError => console.warn(imError.code)) // without a delegate: 2905
   */
  setMessageRemindType(options: {
    userIDList: readonly string[]
    messageRemindType: OrOther<RemindType>
  }): Promise<IMResponse<{ successUserIDList: string[]; failureUserIDList: string[] }>>
}

type Call = (...args: readonly unknown[]) => unknown

/**
 * The messages of other conversations than the system's are those of the delegate. So are the
 * remind types of users. That of a group is set in both: `onError` receives the delegate's refusal.
 */
export const withConversations = (
  calls: GroupCalls,
  delegate: () => object | undefined,
  onError: (error: unknown) => void
): GroupCalls & TimRemindTypes => ({
  ...calls,
  getMessageList(options) {
    const isOther = fieldOf(options, 'conversationID') !== TYPES.CONV_SYSTEM
    const answer = isOther && askLater(delegate(), 'getMessageList', options)
    // The delegate's answer has the type of its own version.
    return (answer || calls.getMessageList(options)) as ReturnType<GroupCalls['getMessageList']>
  },
  setMessageRemindType(options: unknown) {
    const passOn = (given: unknown) => askLater(delegate(), 'setMessageRemindType', given)
    if (fieldOf(options, 'userIDList') === undefined) {
      const given = copyIfPossible(options)
      // The operation checks its arguments.
      const args = options as Args<'setMessageRemindType'>
      return calls.setMessageRemindType(args).then(answer => {
        void passOn(given)?.catch(onError)
        return answer
      }) as never
    }
    // As above.
    return (passOn(options) ?? Promise.reject(notSupported('setMessageRemindType'))) as never
  }
})

/** The app may change its object before the answer. */
function copyIfPossible(options: unknown): unknown {
  try {
    return copyOf(options)
  } catch {
    // Expected: a getter throws. The check of the arguments refuses the object.
    return undefined
  }
}

/** The calls of a delegate, or calls that fail with a code and their name. */
export function createOtherCalls(delegate: () => object | undefined): TimOtherCalls {
  const pass = (name: string, args: readonly unknown[]): unknown => {
    const to = delegate()
    const call = fieldOf(to, name)
    if (typeof call !== 'function') throw notSupported(name)
    return Reflect.apply(call, to, args)
  }
  const calls = [
    ...asking.map((name): [string, Call] => [name, async (...args) => pass(name, args)]),
    ...synchronous.map((name): [string, Call] => [name, (...args) => pass(name, args)])
  ]
  // The lists of names above are the type.
  return Object.fromEntries(calls) as unknown as TimOtherCalls
}

export const notSupported = (name: string) =>
  new IMError({
    // Tencent's code of a call that its SDK does not support.
    code: 2905,
    reason: 'NotSupported',
    message: `${name} is not about groups: give TIM.create an instance of Tencent's SDK as delegate.`
  })
