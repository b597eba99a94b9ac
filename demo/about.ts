/** The profile of a group, with the names of the API. */

import { html, type TemplateResult } from 'lit-html'
import type { Group } from 'offline-groups'
import { plain, time } from './text.ts'

export function about(group: Group): TemplateResult {
  const fields: readonly (readonly [name: string, value: string | number])[] = [
    ['groupID', group.groupID],
    ['type', group.type],
    ['ownerID', group.ownerID || 'nobody'],
    ['memberNum', group.memberNum],
    ['maxMemberNum', group.maxMemberNum],
    ['joinOption', group.joinOption],
    ['muteAllMembers', group.muteAllMembers ? 'yes' : 'no'],
    ['createTime', time(group.createTime * 1000)],
    ['lastInfoTime', time(group.lastInfoTime * 1000)],
    ['infoSequence', group.infoSequence],
    ['introduction', group.introduction || 'none'],
    ['notification', group.notification || 'none'],
    ['avatar', group.avatar || 'none'],
    [
      'groupCustomField',
      group.groupCustomField.map(({ key, value }) => `${key}: ${value}`).join(', ') || 'none'
    ]
  ]
  return html`<dl class="profile" tabindex="0" aria-label="Profile">
    ${fields.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd data-testid=${name}><bdi>${plain(String(value))}</bdi></dd>
        </div>`
    )}
  </dl>`
}
