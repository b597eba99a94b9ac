import { html } from 'lit-html'
import { area, choice, customFields, text } from '../fields.ts'
import type { Form } from './form.ts'

export const createGroup: Form = {
  title: () => 'New group',
  submit: 'Create',
  fields: () => html`
    ${text('name', 'Name', { isRequired: true })}
    ${choice('type', 'Type', ['Public', 'Private', 'ChatRoom', 'AVChatRoom'])}
    ${choice('joinOption', 'Joining', ['FreeAccess', 'NeedPermission', 'DisableApply'])}
    ${text('members', 'Members', { hint: 'user IDs, separated by spaces' })}
    ${text('admins', 'Admins', { hint: 'user IDs, separated by spaces' })}
    ${text('groupID', 'Group ID', { hint: 'optional' })} ${area('introduction', 'Introduction')}
    <details class="more">
      <summary data-testid="more-fields">More</summary>
      ${area('notification', 'Notification')}
      ${text('avatar', 'Avatar', { hint: 'an https address' })}
      ${text('maxMemberNum', 'Member limit')} ${customFields([], { countMax: 20 })}
    </details>
  `,
  async send({ user }, { text, filled, number, oneOf, users, changedFields }) {
    const admins = users('admins').map(userID => ({ userID, role: 'Admin' as const }))
    const members = users('members').map(userID => ({ userID }))
    const created = await user.apply('createGroup', {
      name: text('name') ?? '',
      type: oneOf('type', ['Private', 'Public', 'ChatRoom', 'AVChatRoom']),
      joinOption: oneOf('joinOption', ['FreeAccess', 'NeedPermission', 'DisableApply']),
      groupID: filled('groupID'),
      introduction: filled('introduction'),
      notification: filled('notification'),
      avatar: filled('avatar'),
      maxMemberNum: number('maxMemberNum'),
      memberList: [...members, ...admins],
      groupCustomField: changedFields([])
    })
    if (created) user.enter(created.groupID)
    return Boolean(created)
  }
}
