/** Another member: the row of that user, and the operations on it. */

import { html, type TemplateResult } from 'lit-html'
import { ref } from 'lit-html/directives/ref.js'
import type { Member } from 'offline-groups'
import { muteBadge, pendingMark, roleBadge } from './badges.ts'
import { operationButton } from './operation-button.ts'
import { focusSoon } from './focus.ts'
import { ownFields } from './own-fields.ts'
import { properties } from './properties.ts'
import type { Selected } from './selected.ts'
import { plain, time } from './text.ts'
import type { User } from './user.ts'

type Card = NonNullable<Selected['card']>

export function memberCard(
  user: User,
  selected: Selected,
  { card: { userID, member }, isPending }: { card: Card; isPending: boolean }
): TemplateResult {
  const back = () => {
    selected.closeCard()
    focusSoon(`${user.userID}-members`)
  }
  return html`<section
    class="card"
    aria-label=${userID}
    data-testid="card"
    @keydown=${(event: KeyboardEvent) => event.key === 'Escape' && back()}
  >
    <header>
      <button class="quiet" data-testid="close-card" ${ref(focus)} @click=${back}>‹ Members</button>
      <h4><bdi>${plain(userID)}</bdi> ${isPending ? pendingMark : ''}</h4>
    </header>
    ${
      member
        ? facts(user, member)
        : html`<p class="empty">
            ${member === null ? 'Nobody of this ID is known to be in the group.' : ''}
          </p>`
    }
  </section>`
}

function focus(element: Element | undefined): void {
  queueMicrotask(() => element instanceof HTMLElement && element.focus())
}

function facts(user: User, member: Member): TemplateResult {
  const { role, joinTime, muteUntil } = member
  return html`${properties([
      { id: 'card-role', label: 'Role', value: roleBadge(role), control: roleButton(user, member) },
      {
        id: 'card-mute',
        label: 'Mute',
        value: muteUntil > 0 ? html`${muteBadge(user, muteUntil)}` : 'not muted',
        control: muteButton(user, member)
      },
      ...ownFields(user, member),
      { id: 'card-joined', label: 'Joined', value: time(joinTime * 1000) }
    ])}
    <footer>${endings(user, member)}</footer>`
}

function roleButton(user: User, { groupID, userID, role }: Member): TemplateResult {
  const next = role === 'Admin' ? 'Member' : 'Admin'
  return operationButton(user, {
    id: 'set-role',
    label: next === 'Admin' ? 'Make admin' : 'Make member',
    spoken: `Make ${userID} ${next === 'Admin' ? 'an admin' : 'a plain member'}`,
    name: 'setGroupMemberRole',
    args: { groupID, userID, role: next }
  })
}

function muteButton(user: User, member: Member): TemplateResult {
  const { groupID, userID, muteUntil } = member
  const isMuted = muteUntil > 0
  return operationButton(user, {
    id: isMuted ? 'unmute' : 'mute',
    label: isMuted ? 'Unmute' : 'Mute…',
    spoken: `${isMuted ? 'Unmute' : 'Mute'} ${userID}`,
    name: 'setGroupMemberMuteTime',
    args: { groupID, userID, muteTime: isMuted ? 0 : 60 },
    ...(!isMuted && { press: () => user.open({ name: 'setGroupMemberMuteTime', member }) })
  })
}

const endings = (user: User, member: Member): TemplateResult => html`
  ${operationButton(user, {
    id: 'make-owner',
    label: 'Make owner…',
    name: 'changeGroupOwner',
    args: { groupID: member.groupID, newOwnerID: member.userID },
    press: () => user.open({ name: 'changeGroupOwner', member })
  })}
  ${operationButton(user, {
    id: 'remove-member',
    label: 'Remove…',
    kind: 'danger',
    name: 'deleteGroupMember',
    args: { groupID: member.groupID, userIDList: [member.userID] },
    press: () => user.open({ name: 'deleteGroupMember', member })
  })}
`
