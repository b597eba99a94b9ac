/** The group that is selected: its profile, what can be done, and its members. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { keyed } from 'lit-html/directives/keyed.js'
import type { Group } from 'offline-groups'
import { pendingMark, roleBadge, typeBadge } from './badges.ts'
import { members } from './members.ts'
import { plain, time } from './text.ts'
import type { User } from './user.ts'

export function groupDetails(user: User): TemplateResult {
  const { selected } = user.view
  if (!selected) return html`<article class="details"><p class="empty">Choose a group.</p></article>`
  const { groupID, group } = selected
  return html`<article class="details" data-testid="details" aria-label="Group">
    ${
      group === null
        ? html`<p class="empty" data-testid="not-in-group">
            ${user.userID} is not in <bdi>${plain(user.nameOf(groupID))}</bdi>, and this device keeps nothing of it.
          </p>`
        : nothing
    }
    ${group ? keyed(groupID, html`${head(user, group)} ${profile(group)} ${members(user, selected, group)}`) : nothing}
  </article>`
}

function head(user: User, { groupID, name, avatar, type, selfInfo, introduction, notification }: Group): TemplateResult {
  const isPending = user.view.outbox.some(pending => pending.groupID === groupID)
  return html`<header>
    ${/^https:/i.test(avatar) ? html`<img class="avatar" src=${avatar} alt="" referrerpolicy="no-referrer" />` : nothing}
    <h3><bdi data-testid="group-name">${plain(name)}</bdi> ${isPending ? pendingMark : nothing}</h3>
    <p class="badges">${typeBadge(type)} ${selfInfo ? roleBadge(selfInfo.role) : html`<span class="role">not joined</span>`}</p>
    <div class="actions">
      <button data-testid="edit-profile" @click=${() => user.open('updateGroupProfile')}>Edit…</button>
      ${
        selfInfo
          ? html`<button data-testid="quit-group" @click=${() => user.open('quitGroup')}>Leave…</button>`
          : html`<button data-testid="enter-group" @click=${() => user.apply('joinGroup', { groupID })}>Join</button>`
      }
      <button class="danger" data-testid="dismiss-group" @click=${() => user.open('dismissGroup')}>Dismiss…</button>
    </div>
    ${notification ? html`<p class="notification"><bdi>${plain(notification)}</bdi></p>` : nothing}
    ${introduction ? html`<p class="introduction"><bdi>${plain(introduction)}</bdi></p>` : nothing}
  </header>`
}

/** Where there is less room, the members come first. */
const roomy = matchMedia('(width >= 1200px)')

function profile({ selfInfo, name: _, introduction: __, notification: ___, ...group }: Group): TemplateResult {
  const at = (seconds: number) => (seconds ? time(seconds * 1000) : 'never')
  const fields: readonly (readonly [name: string, value: string | number])[] = [
    ['groupID', group.groupID],
    ['type', group.type],
    ['ownerID', group.ownerID || 'nobody'],
    ['memberNum', group.memberNum],
    ['maxMemberNum', group.maxMemberNum],
    ['joinOption', group.joinOption],
    ['muteAllMembers', group.muteAllMembers ? 'yes' : 'no'],
    ['avatar', group.avatar || 'none'],
    ['createTime', at(group.createTime)],
    ['lastInfoTime', at(group.lastInfoTime)],
    ['infoSequence', group.infoSequence],
    ['groupCustomField', group.groupCustomField.map(({ key, value }) => `${key}: ${value}`).join(', ') || 'none'],
    ...(selfInfo
      ? ([
          ['own role', selfInfo.role],
          ['own joinTime', at(selfInfo.joinTime)],
          ['own nameCard', selfInfo.nameCard || 'none'],
          ['own muteUntil', at(selfInfo.muteUntil)]
        ] as const)
      : [])
  ]
  return html`<details class="profile" ?open=${roomy.matches}>
    <summary>Profile</summary>
    <dl>
      ${fields.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd data-testid=${name} title=${value}>${plain(String(value))}</dd>
          </div>`
      )}
    </dl>
  </details>`
}
