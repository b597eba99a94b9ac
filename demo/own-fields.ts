/** Name card and custom fields: the user's own, or for owners and admins those of a member. */

import type { Member } from 'offline-groups'
import { operationButton } from './operation-button.ts'
import type { Property } from './properties.ts'
import { plain } from './text.ts'
import type { User } from './user.ts'

export function ownFields(user: User, member: Member): readonly Property[] {
  const { groupID, nameCard, memberCustomField } = member
  // Without a userID, the operation is about the caller.
  const userID = member.userID === user.userID ? undefined : member.userID
  return [
    {
      id: 'name-card',
      label: 'Name card',
      value: plain(nameCard) || 'none',
      control: operationButton(user, {
        id: 'set-name-card',
        label: 'Change…',
        spoken: 'Change the name card',
        name: 'setGroupMemberNameCard',
        args: { groupID, userID, nameCard },
        press: () => user.open({ name: 'setGroupMemberNameCard', member })
      })
    },
    {
      id: 'custom-field',
      label: 'Custom fields',
      value: memberCustomField.map(({ key, value }) => `${key}: ${value}`).join(', ') || 'none',
      control: operationButton(user, {
        id: 'set-custom-field',
        label: 'Change…',
        spoken: 'Change the custom fields',
        name: 'setGroupMemberCustomField',
        args: { groupID, userID, memberCustomField },
        press: () => user.open({ name: 'setGroupMemberCustomField', member })
      })
    }
  ]
}
