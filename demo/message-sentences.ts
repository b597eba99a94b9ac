/** Tips and notices as sentences. */

import type { Notice, Tip } from 'offline-groups'
import { fieldNames } from './sentences.ts'
import { enumerate, quoted, span } from './text.ts'

const tips: Readonly<Record<number, (tip: Tip) => string>> = {
  1: ({ operatorID, userIDList }) =>
    userIDList[0] === operatorID
      ? `${operatorID} joined`
      : `${operatorID} added ${enumerate(userIDList)}`,
  2: ({ operatorID }) => `${operatorID} left`,
  3: ({ operatorID, userIDList }) => `${operatorID} removed ${enumerate(userIDList)}`,
  4: ({ operatorID, userIDList }) => `${operatorID} made ${enumerate(userIDList)} an admin`,
  5: ({ operatorID, userIDList }) => `${operatorID} made ${enumerate(userIDList)} a plain member`,
  6: ({ operatorID, newGroupProfile = {} }) => `${operatorID} ${enumerateChanges(newGroupProfile)}`,
  7: ({ operatorID, memberList = [] }) =>
    memberList
      .map(({ userID, muteTime }) =>
        muteTime > 0
          ? `${operatorID} muted ${userID} for ${span(muteTime)}`
          : `${operatorID} unmuted ${userID}`
      )
      .join(', ')
}

export const tipSentence = (tip: Tip): string =>
  tips[tip.operationType]?.(tip) ?? `${tip.operatorID} made an unknown change`

function enumerateChanges({
  name,
  ownerID,
  muteAllMembers,
  ...others
}: NonNullable<Tip['newGroupProfile']>): string {
  // Numbers and times that follow from a change are left out.
  const fields = Object.keys(others).flatMap(field => fieldNames[field] ?? [])
  return [
    ...(name === undefined ? [] : [`renamed the group to ${quoted(name)}`]),
    ...(ownerID === undefined ? [] : [`handed the group over to ${ownerID}`]),
    ...(muteAllMembers === undefined
      ? []
      : [muteAllMembers ? 'muted everybody' : 'unmuted everybody']),
    ...fields.map(field => `changed the ${field}`)
  ].join(', ')
}

const notices: Readonly<Record<number, (notice: Notice) => string>> = {
  1: ({ operatorID }) => `${operatorID} asks to join`,
  2: ({ operatorID }) => `${operatorID} let you in`,
  3: ({ operatorID }) => `${operatorID} turned you away`,
  4: ({ operatorID }) => `${operatorID} removed you`,
  5: ({ operatorID }) => `${operatorID} dismissed the group`,
  6: () => 'You created the group',
  7: ({ operatorID }) => `${operatorID} added you`,
  8: () => 'You left',
  9: ({ operatorID }) => `${operatorID} made you an admin`,
  10: ({ operatorID }) => `${operatorID} made you a plain member`,
  255: ({ userDefinedField = '' }) => `The app says ${quoted(userDefinedField)}`
}

export const noticeSentence = (notice: Notice): string =>
  notices[notice.operationType]?.(notice) ?? `${notice.operatorID} sent an unknown notice`
