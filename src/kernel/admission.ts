/** How a user becomes a member of an existing group, by any operation. */

import type { View } from './decision.ts'
import {
  applicationKey,
  memberKey,
  muteKey,
  newMember,
  putApplication,
  putMember,
  type Change,
  type Key,
  type MemberRow
} from './model.ts'

type User = Pick<MemberRow, 'groupID' | 'userID'>

export const admissionNeeds = ({ groupID, userID }: User): readonly Key[] => [
  memberKey({ groupID, userID }),
  muteKey({ groupID, userID }),
  applicationKey({ groupID, userID })
]

/** A new member keeps an earlier mute. Their pending application is agreed to. */
export function admit(
  view: View,
  { groupID, userID, role = 'Member' }: User & Partial<Pick<MemberRow, 'role'>>,
  { now, handlerID, handleMessage = '' }: { now: number; handlerID: string; handleMessage?: string }
): readonly Change[] {
  // Only the server always has this row. A device without it predicts no mute.
  const muteUntil = view.get(muteKey({ groupID, userID }))?.muteUntil ?? 0
  const member = newMember({
    groupID,
    userID,
    role,
    joinTime: now,
    muteUntil: muteUntil > now ? muteUntil : 0
  })
  const application = view.get(applicationKey({ groupID, userID }))
  const isOpen = application?.state === 'pending'
  return [
    putMember(member),
    ...(isOpen
      ? [putApplication({ ...application, state: 'agreed', handlerID, handleMessage })]
      : [])
  ]
}
