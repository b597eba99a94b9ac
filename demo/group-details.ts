/** The selected group: its profile, its operations and its parts. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { keyed } from 'lit-html/directives/keyed.js'
import type { Group } from 'offline-groups'
import { about } from './about.ts'
import { activity } from './activity.ts'
import { muteBadge, pendingMark, roleBadge, typeBadge } from './badges.ts'
import { operationButton } from './operation-button.ts'
import { searchedGroup } from './searched-group.ts'
import { members } from './members.ts'
import { menu } from './menu.ts'
import type { Selected } from './selected.ts'
import { tabs } from './tabs.ts'
import { plain } from './text.ts'
import type { User } from './user.ts'
import { you } from './you.ts'

export function groupDetails(user: User): TemplateResult {
  const { selected } = user.view
  return html`<article
    class="details"
    data-testid="details"
    aria-label="Group"
    ?inert=${user.view.form}
  >
    <button class="leave quiet" id="${user.userID}-leave" data-testid="leave" @click=${user.leave}>
      ‹ Groups
    </button>
    ${
      selected
        ? keyed(selected.groupID, contents(user, selected))
        : html`<p class="empty">Choose a group.</p>`
    }
  </article>`
}

function contents(user: User, selected: Selected): TemplateResult | typeof nothing {
  const { group, groupID } = selected
  if (group === undefined) return nothing
  if (group === null) return notInGroup(user, groupID)
  return html`${head(user, group)}
  ${tabs({
    id: `${user.userID}-parts`,
    label: 'Parts of the group',
    current: selected.part,
    choose: selected.show,
    all: [
      { name: 'members', label: 'Members', panel: members(user, selected, group) },
      { name: 'activity', label: 'Activity', panel: activity(selected) },
      { name: 'about', label: 'About', panel: about(group) },
      { name: 'you', label: 'You', panel: you(user, selected, group) }
    ]
  })}`
}

function head(user: User, group: Group): TemplateResult {
  const { groupID, name, avatar, type, selfInfo, introduction, notification, muteAllMembers } =
    group
  const isPending = user.view.outbox.some(pending => pending.groupID === groupID)
  return html`<header>
    ${
      /^https:/i.test(avatar)
        ? html`<img class="avatar" src=${avatar} alt="" referrerpolicy="no-referrer" />`
        : nothing
    }
    <h3><bdi data-testid="group-name">${plain(name)}</bdi> ${isPending ? pendingMark : nothing}</h3>
    <p class="badges">
      ${typeBadge(type)}
      ${selfInfo ? roleBadge(selfInfo.role) : html`<span class="role">not joined</span>`}
      ${selfInfo ? muteBadge(user, selfInfo.muteUntil) : nothing}
      ${muteAllMembers ? html`<span class="mute">all muted</span>` : nothing}
    </p>
    <div class="actions">
      ${
        selfInfo
          ? nothing
          : operationButton(user, {
              id: 'enter-group',
              label: 'Join',
              kind: 'primary',
              name: 'joinGroup',
              args: { groupID }
            })
      }
      ${operationButton(user, {
        id: 'edit-profile',
        label: 'Edit…',
        name: 'updateGroupProfile',
        args: { groupID },
        press: () => user.open({ name: 'updateGroupProfile' })
      })}
      ${menu({ id: 'more', label: 'More', content: endings(user, groupID) })}
    </div>
    ${paragraph('notification', notification)} ${paragraph('introduction', introduction)}
  </header>`
}

const paragraph = (name: string, text: string): TemplateResult | typeof nothing =>
  text === '' ? nothing : html`<p class=${name} title=${plain(text)}><bdi>${plain(text)}</bdi></p>`

const endings = (user: User, groupID: string): TemplateResult => html`
  ${operationButton(user, {
    id: 'quit-group',
    label: 'Leave…',
    name: 'quitGroup',
    args: { groupID },
    press: () => user.open({ name: 'quitGroup' })
  })}
  ${operationButton(user, {
    id: 'dismiss-group',
    label: 'Dismiss…',
    kind: 'danger',
    name: 'dismissGroup',
    args: { groupID },
    press: () => user.open({ name: 'dismissGroup' })
  })}
`

function notInGroup(user: User, groupID: string): TemplateResult {
  const { view, userID, nameOf } = user
  return html`<div class="empty" data-testid="not-in-group">
    <p>${userID} is not in <bdi>${plain(nameOf(groupID))}</bdi>. This device has no data of it.</p>
    <button data-testid="ask-server" @click=${() => user.lookUp(groupID, 'readProfile')}>
      Ask the server about it
    </button>
    <button data-testid="join-again" @click=${() => user.open({ name: 'joinGroup', groupID })}>
      Join…
    </button>
    <div aria-live="polite">
      ${view.searched?.groupID === groupID ? searchedGroup(user) : nothing}
    </div>
  </div>`
}
