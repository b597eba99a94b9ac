/** How a user comes into an existing group, whoever lets them in. */

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

/** A new member keeps a standing mute. An application of theirs is settled, whatever operation lets them in. */
export function admit(
  view: View,
  { groupID, userID, role = 'Member' }: User & Partial<Pick<MemberRow, 'role'>>,
  { now, handlerID, handleMessage = '' }: { now: number; handlerID: string; handleMessage?: string }
): readonly Change[] {
  // Where this side does not know of a mute, there is none to show.
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
