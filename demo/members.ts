/** The members of the selected group, however many. */

import { html, nothing, type TemplateResult } from 'lit-html'
import type { Group, List, Member, PendingOperation } from 'offline-groups'
import { pendingMark, roleBadge } from './badges.ts'
import { count, plain, time } from './text.ts'
import type { Selected, User } from './user.ts'

export function members(user: User, { members, memberRows }: Selected, { groupID, type, memberNum }: Group): TemplateResult {
  const list = members.list()
  // Of an audio-video chat room, nobody is shown but oneself.
  const total = type === 'AVChatRoom' ? (members.row(0) ? 1 : 0) : (list?.total ?? 0)
  const waiting = new Set(user.view.outbox.filter(pending => pending.groupID === groupID).flatMap(usersOf))
  return html`<section class="members" aria-label="Members">
    <h4>
      Members <span class="number" data-testid="member-count">${count(memberNum)}</span>
      ${type === 'AVChatRoom' ? html`<span class="hint">of whom this room shows only yourself</span>` : list && held(list)}
      <button data-testid="add-members" @click=${() => user.open('addGroupMember')}>Add…</button>
    </h4>
    <div
      class="rows"
      role="list"
      tabindex="0"
      aria-label="Members"
      data-testid="member-list"
      @scroll=${memberRows.scrolled}
      ${memberRows.element}
    >
      ${memberRows.rows(total, index => row(user, members.row(index), { index, total, waiting }))}
    </div>
  </section>`
}

function held({ complete, stale }: Omit<List<Member>, 'rows'>): TemplateResult {
  return html`<span class="held ${complete ? 'complete' : ''}" data-testid="complete"
      >${complete ? 'complete' : 'not all here yet'}</span
    >
    ${stale ? html`<span class="held stale" data-testid="stale">may be out of date</span>` : nothing}`
}

function row(
  user: User,
  member: Member | undefined,
  { index, total, waiting }: { index: number; total: number; waiting: ReadonlySet<string> }
) {
  return {
    key: member?.userID ?? `${index}`,
    content: html`<div
      class="member"
      role="listitem"
      aria-posinset=${index + 1}
      aria-setsize=${total}
      data-testid="member-row"
      ?data-pending=${member && waiting.has(member.userID)}
    >
      ${member ? person(user, member, waiting.has(member.userID)) : html`<span class="absent">…</span>`}
    </div>`
  }
}

function person(user: User, { groupID, userID, role, joinTime }: Member, isPending: boolean): TemplateResult {
  const isSelf = userID === user.userID
  const next = role === 'Admin' ? 'Member' : 'Admin'
  return html`<bdi class="name">${plain(userID)}${isSelf ? html` <i>you</i>` : nothing}</bdi>
    ${isPending ? pendingMark : nothing} ${role === 'Member' ? nothing : roleBadge(role)}
    <time>${time(joinTime * 1000)}</time>
    ${
      isSelf || role === 'Owner'
        ? nothing
        : html`<span class="deeds">
            <button
              data-testid="set-role"
              aria-label="Make ${userID} ${next === 'Admin' ? 'an admin' : 'a plain member'}"
              @click=${() => user.apply('setGroupMemberRole', { groupID, userID, role: next })}
            >
              ${next === 'Admin' ? 'Make admin' : 'Make member'}
            </button>
            <button
              class="danger"
              data-testid="remove-member"
              aria-label="Remove ${userID}"
              @click=${() => user.apply('deleteGroupMember', { groupID, userIDList: [userID] })}
            >
              Remove
            </button>
          </span>`
    }`
}

/** Whose membership an operation changes. */
function usersOf({ args }: PendingOperation): string[] {
  const { userID, userIDList, memberList } = args
  const initial = Array.isArray(memberList) ? memberList.map((member: { userID: string }) => member.userID) : []
  return [
    ...initial,
    ...(Array.isArray(userIDList) ? userIDList.map(String) : []),
    ...(typeof userID === 'string' ? [userID] : [])
  ]
}
