/** The groups the user is in. */

import { html, nothing, type TemplateResult } from 'lit-html'
import type { Group } from 'offline-groups'
import { pendingMark, roleBadge, typeBadge } from './badges.ts'
import { count, counted, plain } from './text.ts'
import type { User } from './user.ts'

export function groupList(user: User): TemplateResult {
  const { userID, view, groupRows } = user
  const groups = matching(view.groups?.rows ?? [], view.filter)
  const selected = groups.findIndex(({ groupID }) => groupID === view.selected?.groupID)
  const waiting = new Set(view.outbox.map(({ groupID }) => groupID))
  return html`<nav class="groups" aria-label="Groups">
    <div class="tools">
      <input
        type="search"
        data-testid="filter"
        aria-label="Filter groups"
        placeholder="Filter ${count(view.groups?.total ?? 0)} groups"
        @input=${(event: Event) => event.target instanceof HTMLInputElement && user.filter(event.target.value)}
      />
      <button data-testid="join-group" @click=${() => user.open('joinGroup')}>Join…</button>
      <button class="primary" data-testid="create-group" @click=${() => user.open('createGroup')}>New…</button>
    </div>
    <div
      class="rows"
      role="listbox"
      tabindex="0"
      aria-label="Groups of ${userID}"
      aria-activedescendant=${selected < 0 ? nothing : `${userID}-group-${selected}`}
      data-testid="group-list"
      @scroll=${groupRows.scrolled}
      @keydown=${(event: KeyboardEvent) => move(event, user, groups, selected)}
      ${groupRows.element}
    >
      ${groupRows.rows(groups.length, index => row(user, groups[index], { index, waiting, total: groups.length }))}
    </div>
    ${view.groups && groups.length === 0 ? html`<p class="empty">${view.filter ? 'No group of this name.' : 'No groups yet.'}</p>` : nothing}
  </nav>`
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
      @click=${() => user.select(groupID)}
    >
      <bdi class="name">${plain(name)}</bdi>
      ${isPending ? pendingMark : nothing}
      <span class="facts">${typeBadge(type)} ${counted(memberNum, 'member')}</span>
      ${selfInfo && selfInfo.role !== 'Member' ? roleBadge(selfInfo.role) : nothing}
    </div>`
  }
}

function matching(groups: readonly Group[], filter: string): readonly Group[] {
  const wanted = filter.trim().toLowerCase()
  return wanted === ''
    ? groups
    : groups.filter(({ name, groupID }) => name.toLowerCase().includes(wanted) || groupID.toLowerCase().includes(wanted))
}

function move(event: KeyboardEvent, user: User, groups: readonly Group[], selected: number): void {
  const last = groups.length - 1
  const page = user.groupRows.pageSize()
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: selected + 1,
    ArrowUp: selected - 1,
    PageDown: selected + page,
    PageUp: selected - page,
    Home: 0,
    End: last
  }
  const target = targets[event.key]
  if (target === undefined) return
  event.preventDefault()
  const index = Math.max(0, Math.min(last, target))
  user.select(groups[index]?.groupID)
  user.groupRows.reveal(index)
}
