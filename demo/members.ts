/** The members of the selected group, or the card of one of them. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { live } from 'lit-html/directives/live.js'
import type { Group, List, Member, PendingOperation } from 'offline-groups'
import { muteBadge, pendingMark, roleBadge } from './badges.ts'
import { operationButton } from './operation-button.ts'
import { focusSoon } from './focus.ts'
import { valueOf } from './fields.ts'
import { memberCard } from './member-card.ts'
import { memberOrders, type MemberView } from './member-window.ts'
import type { Selected } from './selected.ts'
import { count, plain, time } from './text.ts'
import type { User } from './user.ts'

export function members(user: User, selected: Selected, group: Group): TemplateResult {
  const { card } = selected
  const inGroup = user.view.outbox.filter(({ groupID }) => groupID === group.groupID)
  const waiting = new Set(inGroup.flatMap(pending => usersOf(pending, user.userID)))
  return html`${list(user, selected, { group, waiting })}
  ${card ? memberCard(user, selected, { card, isPending: waiting.has(card.userID) }) : nothing}`
}

function list(
  user: User,
  selected: Selected,
  { group, waiting }: { group: Group; waiting: ReadonlySet<string> }
): TemplateResult {
  const { groupID, type, memberNum } = group
  const { members, memberRows, activeRow } = selected
  const held = members.list()
  const setOrder = (event: Event) => {
    const chosen = memberOrders.find(order => order === valueOf(event))
    setView(selected, { orderBy: chosen ?? 'joinTime' })
  }
  // Of an AVChatRoom, a device has only the row of its own user.
  const total = type === 'AVChatRoom' ? (members.row(0) ? 1 : 0) : (held?.total ?? 0)
  return html`<section class="members" aria-label="Members" ?hidden=${selected.card}>
    <header>
      <span class="number" data-testid="member-count">${count(memberNum)}</span>
      ${
        type === 'AVChatRoom'
          ? html`<span class="hint">only you are shown</span>`
          : held && completeness(held)
      }
      <form role="search" @submit=${(event: SubmitEvent) => openTyped(user, selected, event)}>
        <input
          type="search"
          name="userID"
          data-testid="find-member"
          placeholder="Search"
          aria-label="Search members; Enter opens the card of this user ID"
          autocomplete="off"
          .value=${live(members.view.search)}
          @input=${(event: Event) => setView(selected, { search: valueOf(event) })}
        />
      </form>
      <select data-testid="member-order" aria-label="Order of the members" @change=${setOrder}>
        <option value="joinTime">Joined</option>
        <option value="role">Roles</option>
        <option value="nameCard">Names</option>
      </select>
      ${operationButton(user, {
        id: 'add-members',
        label: 'Add…',
        name: 'addGroupMember',
        // Adding an existing member needs the same role, so the rules are checked with this user.
        args: { groupID, userIDList: [user.userID] },
        press: () => user.open({ name: 'addGroupMember' })
      })}
    </header>
    <div
      class="rows"
      role="listbox"
      tabindex="0"
      aria-label="Members"
      aria-activedescendant="${user.userID}-member-${activeRow}"
      id="${user.userID}-members"
      data-testid="member-list"
      @scroll=${memberRows.scrolled}
      @keydown=${(event: KeyboardEvent) => move(event, user, { selected, total })}
      ${memberRows.element}
    >
      ${memberRows.rows(total, index => row(user, selected, { index, total, waiting }))}
    </div>
  </section>`
}

function completeness({ complete, stale }: Omit<List<Member>, 'rows'>): TemplateResult {
  return html`${complete && stale ? nothing : heldness(complete)}
  ${stale ? html`<span class="held stale" data-testid="stale">may be out of date</span>` : nothing}`
}

const heldness = (complete: boolean): TemplateResult =>
  html`<span class="held ${complete ? 'complete' : ''}" data-testid="complete"
    >${complete ? 'complete' : 'only partly loaded'}</span
  >`

function row(
  user: User,
  selected: Selected,
  { index, total, waiting }: { index: number; total: number; waiting: ReadonlySet<string> }
) {
  const member = selected.members.row(index)
  return {
    key: member?.userID ?? `${index}`,
    content: html`<div
      class="member"
      role="option"
      id="${user.userID}-member-${index}"
      aria-selected=${index === selected.activeRow}
      aria-posinset=${index + 1}
      aria-setsize=${total}
      data-testid="member-row"
      ?data-pending=${member && waiting.has(member.userID)}
      @click=${() => open(user, selected, index)}
    >
      ${
        member
          ? person(user, member, waiting.has(member.userID))
          : html`<span class="absent">…</span>`
      }
    </div>`
  }
}

function person(
  user: User,
  { userID, role, joinTime, nameCard, muteUntil }: Member,
  isPending: boolean
): TemplateResult {
  const isSelf = userID === user.userID
  return html`<bdi class="name">${plain(userID)}${isSelf ? html` <i>you</i>` : nothing}</bdi>
    ${nameCard ? html`<bdi class="name-card">${plain(nameCard)}</bdi>` : nothing}
    ${isPending ? pendingMark : nothing} ${role === 'Member' ? nothing : roleBadge(role)}
    ${muteBadge(user, muteUntil)}
    <time>${time(joinTime * 1000)}</time>`
}

function open(user: User, selected: Selected, index: number): void {
  const member = selected.members.row(index)
  if (!member) return
  selected.activeRow = index
  openCard(user, selected, member.userID)
}

function openTyped(user: User, selected: Selected, event: SubmitEvent): void {
  event.preventDefault()
  if (!(event.target instanceof HTMLFormElement)) return
  const userID = new FormData(event.target).get('userID')
  if (typeof userID === 'string' && userID.trim() !== '') openCard(user, selected, userID.trim())
  setView(selected, { search: '' })
}

function setView(selected: Selected, view: Partial<MemberView>): void {
  selected.members.setView(view)
  selected.memberRows.scrollToTop()
  selected.moveTo(0)
}

/** The user's own row has no card: it is in `you.ts`. */
function openCard(user: User, selected: Selected, userID: string): void {
  if (userID !== user.userID) return selected.openCard(userID)
  selected.show('you')
  focusSoon(`${user.userID}-parts-you`)
}

function move(
  event: KeyboardEvent,
  user: User,
  { selected, total }: { selected: Selected; total: number }
): void {
  if (event.key === 'Enter') return open(user, selected, selected.activeRow)
  const index = selected.memberRows.moved(event, { from: selected.activeRow, total })
  if (index !== undefined) selected.moveTo(index)
}

/** The members that an operation changes. */
function usersOf({ name, args }: PendingOperation, self: string): string[] {
  const { userID, userIDList, memberList, newOwnerID } = args
  const initial = Array.isArray(memberList)
    ? memberList.map((member: { userID: string }) => member.userID)
    : []
  const isOfSelf = name.startsWith('setGroupMember') && userID === undefined
  return [
    ...initial,
    ...(Array.isArray(userIDList) ? userIDList.map(String) : []),
    ...[userID, newOwnerID, isOfSelf && self].flatMap(each =>
      typeof each === 'string' ? each : []
    )
  ]
}
