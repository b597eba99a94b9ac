/**
 * The service that an app has beside the groups: its users, and the list of its conversations. It
 * is the delegate of the TIM API, in the place of Tencent's SDK. It has no messages.
 */

import TIM from 'offline-groups/tim'

const answer = (data: unknown) => Promise.resolve({ code: 0, data })

/** The kit reads notices of applications only if the list has this conversation. */
const system = {
  type: TIM.TYPES.CONV_SYSTEM,
  conversationID: TIM.TYPES.CONV_SYSTEM,
  unreadCount: 0
}

/** The kit adds members from the list of friends. */
export const friends: string[] = []

export const messenger = {
  login: () => answer({}),
  logout: () => answer({}),
  isReady: () => true,
  on: () => undefined,
  off: () => undefined,
  getUserProfile: ({ userIDList }: { userIDList: string[] }) =>
    answer(userIDList.map(userID => ({ userID, nick: '', avatar: '' }))),
  getFriendList: () =>
    answer(
      friends.map(userID => ({ userID, remark: '', profile: { userID, nick: '', avatar: '' } }))
    ),
  getConversationList: () => answer({ conversationList: [system] }),
  getMessageList: () => answer({ messageList: [], nextReqMessageID: '', isCompleted: true }),
  setMessageRead: () => answer({})
}
