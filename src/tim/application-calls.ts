/** The calls about applications to join a group, and the system notices that announce them. */

import { firstValueFrom } from 'rxjs'
import { applicationOf, timApplication } from './applications.ts'
import { TYPES } from './constants.ts'
import type { TimGroupCalls } from './group-api.ts'
import { ownError, respond } from './im-error.ts'
import { noticeMessage } from './message.ts'
import { failure, groupOf, perform, type Session } from './perform.ts'

type ApplicationCalls = Pick<
  TimGroupCalls,
  'getGroupApplicationList' | 'getMessageList' | 'handleGroupApplication'
>

export const createApplicationCalls = (ready: (api: string) => Session): ApplicationCalls => ({
  async getGroupApplicationList() {
    const { store, userID } = ready('getGroupApplicationList')
    const notices = await firstValueFrom(store.notices$)
    const pending = notices.rows.filter(({ application }) => application === 'pending')
    return respond({ applicationList: pending.map(notice => timApplication(notice, userID)) })
  },

  async getMessageList(options) {
    const { store, userID } = ready('getMessageList')
    const { conversationID } = Object(options) as typeof options
    if (conversationID !== TYPES.CONV_SYSTEM)
      throw failure(ownError('IllegalArgument', `conversationID: ${TYPES.CONV_SYSTEM}`))
    const notices = await firstValueFrom(store.notices$)
    const messageList = notices.rows.map(notice => noticeMessage(notice, userID))
    return respond({ messageList, nextReqMessageID: '', isCompleted: true })
  },

  async handleGroupApplication(options) {
    const { handleAction, handleMessage } = Object(options) as typeof options
    const { groupID, userID, applicationSeq } = applicationOf(options)
    const decision = { groupID, userID, applicationSeq, handleAction, handleMessage }
    return respond({
      group: await groupOf(
        await perform(ready('handleGroupApplication'), 'handleGroupApplication', decision)
      )
    })
  }
})
