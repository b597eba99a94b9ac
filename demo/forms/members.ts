/** Adding and removing members, and transfer of the group. */

import { html } from 'lit-html'
import { text } from '../fields.ts'
import { plain } from '../text.ts'
import type { Form } from './form.ts'

export const addGroupMember: Form = {
  title: () => 'Add members',
  submit: 'Add',
  fields: () => text('users', 'User IDs', { isRequired: true, hint: 'separated by spaces' }),
  send: async ({ user, groupID }, { users }) =>
    Boolean(await user.apply('addGroupMember', { groupID, userIDList: users('users') }))
}

export const deleteGroupMember: Form = {
  title: ({ member }) => `Remove ${plain(member?.userID ?? '')}?`,
  submit: 'Remove',
  fields: () => text('reason', 'Reason', { hint: 'shown to the removed member' }),
  async send({ user, groupID, member }, { filled }) {
    if (!member) return true
    return Boolean(
      await user.apply('deleteGroupMember', {
        groupID,
        userIDList: [member.userID],
        reason: filled('reason')
      })
    )
  }
}

export const changeGroupOwner: Form = {
  title: ({ member }) => `Make ${plain(member?.userID ?? '')} the owner?`,
  submit: 'Hand over',
  fields: ({ group }) =>
    html`<p>You stay in <bdi>${plain(group?.name ?? '')}</bdi> as a plain member.</p>`,
  async send({ user, groupID, member }) {
    if (!member) return true
    return Boolean(await user.apply('changeGroupOwner', { groupID, newOwnerID: member.userID }))
  }
}
