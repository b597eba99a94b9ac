/**
 * The user and the conversation of a group, as far as this package knows them. UI kits ask for both
 * before they show a group, so these calls answer also without a delegate.
 */

import { TYPES } from './constants.ts'
import { askLater } from './delegate-answers.ts'
import type { TimGroupCalls } from './group-api.ts'
import { respond, type IMResponse } from './im-error.ts'
import { notSupported } from './other-calls.ts'
import type { Session } from './perform.ts'
import type { TimGroup } from './shapes.ts'

/** A user with all keys of Tencent's `Profile` that name the user. Names come from a delegate. */
export type TimProfile = { userID: string; nick: string; avatar: string }

/** The conversation of a group, with the keys of Tencent's `Conversation`. It has no messages. */
export type TimConversation = {
  conversationID: string
  type: string
  unreadCount: number
  lastMessage: object
  groupProfile: TimGroup
  messageRemindType: string
  groupAtInfoList: never[]
  markList: never[]
  conversationGroupList: never[]
  remark: string
  customData: string
  draftText: string
  isPinned: boolean
}

/** With a `delegate`, its types count. */
export type TimProfileCalls = {
  /**
   * The logged-in user. Without a delegate: with the ID only.
   *
   * @example
   * console.log((await tim.getMyProfile()).data.userID)
   */
  getMyProfile(): Promise<IMResponse<TimProfile>>
  /**
   * Without a delegate: the conversation of a group, with its profile. Other conversations: 2905.
   *
   * @example
   * const conversationID = TIM.TYPES.CONV_GROUP + 'crew'
   * const { conversation } = (await tim.getConversationProfile(conversationID)).data
   */
  getConversationProfile(
    conversationID: string
  ): Promise<IMResponse<{ conversation: TimConversation }>>
}

export function createProfileCalls(
  ready: (api: string) => Session,
  { getGroupProfile }: Pick<TimGroupCalls, 'getGroupProfile'>
): TimProfileCalls {
  return {
    async getMyProfile() {
      return respond({ userID: ready('getMyProfile').userID, nick: '', avatar: '' })
    },
    async getConversationProfile(conversationID) {
      const groupID = groupOf(conversationID)
      if (groupID === undefined) throw notSupported('getConversationProfile')
      return conversationOf((await getGroupProfile({ groupID })).data.group)
    }
  }
}

/** The same calls. Those of a delegate come first, and reject also if its check throws. */
export const orDelegate = (
  calls: TimProfileCalls,
  delegate: () => object | undefined
): TimProfileCalls => ({
  // The delegate's answers have the types of its own version.
  getMyProfile: () =>
    (askLater(delegate(), 'getMyProfile') ?? calls.getMyProfile()) as ReturnType<
      TimProfileCalls['getMyProfile']
    >,
  getConversationProfile: id =>
    (askLater(delegate(), 'getConversationProfile', id) ??
      calls.getConversationProfile(id)) as ReturnType<TimProfileCalls['getConversationProfile']>
})

/** `undefined` for the conversation of no group. */
function groupOf(conversationID: unknown): string | undefined {
  const { CONV_GROUP: prefix } = TYPES
  return typeof conversationID === 'string' && conversationID.startsWith(prefix)
    ? conversationID.slice(prefix.length)
    : undefined
}

const conversationOf = (group: TimGroup): IMResponse<{ conversation: TimConversation }> =>
  respond({
    conversation: {
      conversationID: `${TYPES.CONV_GROUP}${group.groupID}`,
      type: TYPES.CONV_GROUP,
      unreadCount: 0,
      lastMessage: group.lastMessage,
      groupProfile: group,
      messageRemindType: group.selfInfo.messageRemindType,
      groupAtInfoList: [],
      markList: [],
      conversationGroupList: [],
      remark: '',
      customData: '',
      draftText: '',
      isPinned: false
    }
  })
