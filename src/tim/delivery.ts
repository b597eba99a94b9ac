/** Delivers tips and notices to the app's handlers. */

import type { Undelivered } from '../client/group-store.ts'
import type { UndeliveredEvent } from '../engine/api.ts'
import { noticeTypes } from '../kernel/notices.ts'
import { EVENT, TYPES } from './constants.ts'
import type { Events } from './events.ts'
import type { Live } from './live.ts'
import { noticeMessage, tipMessage } from './message.ts'

type Given = {
  readonly userID: string
  readonly store: Undelivered
  readonly live: Live
  /** A handler may log out. */
  isOver(): boolean
}

/** Each event is delivered once, after the rows that it is about are in view. */
export function createDelivery({ userID, store, live, isOver }: Given, events: Events) {
  let last = -1

  function deliver(undelivered: readonly UndeliveredEvent[]): void {
    const before = last
    for (const event of undelivered) {
      if (isOver()) break
      if (event.number <= last) continue
      last = event.number
      if (event.kind === 'notice') {
        const message = noticeMessage(event.notice, userID)
        const type = event.notice.operationType
        // The creator of a group needs no notice of it.
        if (type !== noticeTypes.created)
          events.emit(EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, { type, message })
        if (!isOver()) events.emit(EVENT.MESSAGE_RECEIVED, [message])
      } else {
        const group = live.known(event.tip.groupID)
        if (group?.selfInfo.messageRemindType === TYPES.MSG_REMIND_DISCARD) continue
        events.emit(EVENT.MESSAGE_RECEIVED, [
          tipMessage(event.tip, { userID, groupName: group?.name ?? '' })
        ])
      }
    }
    if (last > before) void store.delivered(last)
  }

  // The list of groups may come later in the same frame, and GROUP_LIST_UPDATED comes first.
  return (undelivered: readonly UndeliveredEvent[]): void =>
    void Promise.resolve().then(() => deliver(undelivered))
}
