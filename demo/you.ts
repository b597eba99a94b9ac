/** The user's own membership of the selected group. */

import { html, type TemplateResult } from 'lit-html'
import { live } from 'lit-html/directives/live.js'
import type { Group } from 'offline-groups'
import { muteBadge } from './badges.ts'
import { ownFields } from './own-fields.ts'
import { properties } from './properties.ts'
import type { Selected } from './selected.ts'
import { plain, time } from './text.ts'
import type { User } from './user.ts'

const remindTypes = ['AcceptAndNotify', 'AcceptNotNotify', 'Discard'] as const

export function you(user: User, { self }: Selected, group: Group): TemplateResult {
  const { selfInfo } = group
  if (!selfInfo)
    return html`<p class="empty">${user.userID} owns this room, but has not joined it.</p>`
  const { role, joinTime, muteUntil } = selfInfo
  return properties([
    { id: 'own-role', label: 'Role', value: role },
    {
      id: 'own-mute',
      label: 'Mute',
      value: muteUntil > 0 ? html`${muteBadge(user, muteUntil)}` : 'not muted'
    },
    { id: 'own-remind', label: 'Messages', value: reminding(user, group, selfInfo) },
    ...(self ? ownFields(user, self) : []),
    { id: 'own-joined', label: 'Joined', value: time(joinTime * 1000) }
  ])
}

function reminding(
  user: User,
  { groupID }: Group,
  { messageRemindType }: NonNullable<Group['selfInfo']>
): TemplateResult {
  const refusal = user.whyNot('setMessageRemindType', {
    groupID,
    messageRemindType: 'AcceptAndNotify'
  })
  const onChange = ({ currentTarget }: Event) => {
    const chosen =
      currentTarget instanceof HTMLSelectElement &&
      remindTypes.find(type => type === currentTarget.value)
    if (chosen) void user.apply('setMessageRemindType', { groupID, messageRemindType: chosen })
  }
  return html`<select
      data-testid="remind-type"
      aria-label="Messages"
      aria-describedby="${user.userID}-remind-reason"
      title=${refusal ? plain(refusal.message) : ''}
      ?disabled=${refusal}
      .value=${live(messageRemindType)}
      @change=${onChange}
    >
      <option value="AcceptAndNotify">Notify me</option>
      <option value="AcceptNotNotify">Receive quietly</option>
      <option value="Discard">Receive none</option>
    </select>
    <small class="reason" id="${user.userID}-remind-reason"
      >${refusal ? plain(refusal.message) : ''}</small
    >`
}
