/** The groups of the user. */

import { html, nothing, type TemplateResult } from 'lit-html'
import type { Group } from 'offline-groups'
import { pendingMark, roleBadge, typeBadge } from './badges.ts'
import { valueOf } from './fields.ts'
import { count, counted, plain } from './text.ts'
import type { User } from './user.ts'

export function groupList(user: User): TemplateResult {
  const { userID, view, groupRows } = user
  const groups = view.listed?.rows ?? []
  const selected = groups.findIndex(({ groupID }) => groupID === view.selected?.groupID)
  const waiting = new Set(view.outbox.map(({ groupID }) => groupID))
  const total = groups.length
  const none = view.listing.search
    ? 'No group of this name.'
    : view.groups?.complete
      ? 'No groups yet.'
      : 'The groups have not arrived yet.'
  const setOrder = (event: Event) =>
    user.setListing({ orderBy: valueOf(event) === 'name' ? 'name' : 'lastInfoTime' })
  return html`<div class="tools">
      <input
        type="search"
        data-testid="filter"
        aria-label="Filter groups"
        placeholder="Filter ${count(view.groups?.total ?? 0)} groups"
        @input=${(event: Event) => user.setListing({ search: valueOf(event) })}
      />
      <select data-testid="group-order" aria-label="Order of the groups" @change=${setOrder}>
        <option value="lastInfoTime">Latest</option>
        <option value="name">By name</option>
      </select>
      <button data-testid="join-group" @click=${() => user.open({ name: 'joinGroup' })}>
        Join…
      </button>
      <button
        class="primary"
        data-testid="create-group"
        @click=${() => user.open({ name: 'createGroup' })}
      >
        New…
      </button>
    </div>
    <div
      class="rows"
      role="listbox"
      tabindex="0"
      aria-label="Groups of ${userID}"
      aria-activedescendant=${selected < 0 ? nothing : `${userID}-group-${selected}`}
      id="${userID}-groups"
      data-testid="group-list"
      @scroll=${groupRows.scrolled}
      @keydown=${(event: KeyboardEvent) => move(event, user, groups, selected)}
      ${groupRows.element}
    >
      ${groupRows.rows(total, index => row(user, groups[index], { index, waiting, total }))}
    </div>
    ${view.listed?.total === 0 ? html`<p class="empty">${none}</p>` : nothing}`
}

function row(
  user: User,
  group: Group | undefined,
  { index, waiting, total }: { index: number; waiting: ReadonlySet<string>; total: number }
) {
  const { groupID = '', name = '', type = 'Private', memberNum = 0, selfInfo = null } = group ?? {}
  const isPending = waiting.has(groupID)
  return {
    key: groupID,
    content: html`<div
      class="group"
      role="option"
      id="${user.userID}-group-${index}"
      aria-selected=${groupID === user.view.selected?.groupID}
      aria-posinset=${index + 1}
      aria-setsize=${total}
      data-testid="group-row"
      ?data-pending=${isPending}
      @click=${() => user.enter(groupID)}
    >
      <bdi class="name">${plain(name)}</bdi>
      ${isPending ? pendingMark : nothing}
      <span class="facts">${typeBadge(type)} ${counted(memberNum, 'member')}</span>
      ${selfInfo && selfInfo.role !== 'Member' ? roleBadge(selfInfo.role) : nothing}
    </div>`
  }
}

function move(event: KeyboardEvent, user: User, groups: readonly Group[], selected: number): void {
  const { groupID } = groups[selected] ?? {}
  if (event.key === 'Enter' && groupID !== undefined) return user.enter(groupID)
  const index = user.groupRows.moved(event, { from: selected, total: groups.length })
  if (index !== undefined) user.select(groups[index]?.groupID)
}
