/** The calls about applications to join a group, and the system notices that announce them. */

import { firstValueFrom } from 'rxjs'
import type { Notice } from '../engine/api.ts'
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

export function createApplicationCalls(ready: (api: string) => Session): ApplicationCalls {
  /** The applications that the user may decide, as far as this device knows. */
  async function pendingOf({ store, live }: Session): Promise<Notice[]> {
    const { rows } = await firstValueFrom(store.notices$)
    return rows.filter(
      ({ application, groupID }) =>
        application === 'pending' && deciding.has(live.known(groupID)?.selfInfo.role ?? '')
    )
  }

  return {
    async getGroupApplicationList() {
      const session = ready('getGroupApplicationList')
      const pending = await pendingOf(session)
      const applicationList = pending.map(notice => timApplication(notice, session.userID))
      return respond({ applicationList })
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
      const session = ready('handleGroupApplication')
      const { handleAction, handleMessage } = Object(options) as typeof options
      const { groupID, userID, applicationSeq } = applicationOf(options)
      const decision = { groupID, userID, applicationSeq, handleAction, handleMessage }
      // A device may hold the application without the members. The answer needs no more.
      const isKnown = (await pendingOf(session)).some(
        notice => notice.groupID === groupID && notice.operatorID === userID
      )
      const otherwise = isKnown ? { groupID } : undefined
      const done = await perform(session, 'handleGroupApplication', decision, { otherwise })
      return respond({ group: await groupOf(done) })
    }
  }
}

/** A former admin keeps the notice, but can no longer decide. */
const deciding: ReadonlySet<string> = new Set([TYPES.GRP_MBR_ROLE_OWNER, TYPES.GRP_MBR_ROLE_ADMIN])
