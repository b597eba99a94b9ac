/** The notices of a user. Open applications come first. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import type { Notice } from 'offline-groups'
import { pendingMark } from './badges.ts'
import { operationButton } from './operation-button.ts'
import { plain, quoted, time } from './text.ts'
import { noticeSentence } from './message-sentences.ts'
import type { User } from './user.ts'

/** The number of open applications and of unread notices. */
export const unreadCount = ({ view: { notices, readUpTo } }: User): number =>
  (notices?.rows ?? []).filter(
    ({ application, fseq }) =>
      application === 'pending' || (readUpTo !== undefined && fseq > readUpTo)
  ).length

export function inbox(user: User): TemplateResult {
  const { notices } = user.view
  if (notices?.rows.length === 0)
    return html`<p class="empty">No notices to ${user.userID} yet.</p>`
  const latestFirst = notices?.rows.toReversed() ?? []
  const isPending = ({ application }: Notice) => application === 'pending'
  const inOrder = [
    ...latestFirst.filter(isPending),
    ...latestFirst.filter(notice => !isPending(notice))
  ]
  return html`<ol
    class="notices"
    tabindex="0"
    aria-label="Notices to ${user.userID}"
    aria-live="polite"
  >
    ${repeat(
      inOrder,
      ({ fseq }) => fseq,
      notice =>
        html`<li class=${isPending(notice) ? 'pending' : nothing} data-testid="notice">
          <p class="sentence">
            <bdi>${plain(noticeSentence(notice))}</bdi> ${outcome(user, notice)}
          </p>
          ${
            notice.handleMessage
              ? html`<p class="message"><bdi>${quoted(notice.handleMessage)}</bdi></p>`
              : nothing
          }
          <p class="where">${where(user, notice)} <time>${time(notice.time * 1000)}</time></p>
          ${isPending(notice) ? decision(user, notice) : nothing}
        </li>`
    )}
  </ol>`
}

function outcome(
  { view }: User,
  { application, groupID, operatorID }: Notice
): TemplateResult | typeof nothing {
  if (!application || application === 'pending') return nothing
  const words = new Map([
    ['agreed', 'let in'],
    ['refused', 'turned away'],
    ['replaced', 'has applied again']
  ])
  const isWaiting = view.outbox.some(
    ({ name, groupID: of, args }) =>
      name === 'handleGroupApplication' && of === groupID && args['userID'] === operatorID
  )
  return html`<strong class=${application} data-testid="outcome"
      >${words.get(application) ?? plain(application)}</strong
    >
    ${isWaiting ? pendingMark : nothing}`
}

function where(user: User, { groupID, groupName }: Notice): TemplateResult {
  const name = html`<bdi>${plain(groupName || groupID)}</bdi>`
  const isIn = user.view.groups?.rows.some(group => group.groupID === groupID)
  return isIn
    ? html`<button class="link" @click=${() => user.enter(groupID)}>${name}</button>`
    : html`<span>${name}</span>`
}

function decision(
  user: User,
  { groupID, operatorID: userID, applicationSeq, fseq }: Notice
): TemplateResult {
  const button = (handleAction: 'Agree' | 'Reject') => {
    const args = { groupID, userID, applicationSeq, handleAction }
    const isAgreed = handleAction === 'Agree'
    return operationButton(user, {
      id: isAgreed ? 'accept' : 'refuse',
      key: fseq,
      label: isAgreed ? 'Accept' : 'Refuse',
      spoken: `${isAgreed ? 'Accept' : 'Refuse'} ${userID}`,
      kind: isAgreed ? 'primary' : '',
      name: 'handleGroupApplication',
      args,
      press: event =>
        void user.apply('handleGroupApplication', { ...args, handleMessage: messageBeside(event) })
    })
  }
  return html`<form class="decision" @submit=${(event: Event) => event.preventDefault()}>
    <input
      name="handleMessage"
      placeholder="Message to ${userID}"
      aria-label="Message to ${userID}"
      autocomplete="off"
    />
    ${button('Agree')} ${button('Reject')}
  </form>`
}

function messageBeside({ currentTarget }: Event): string | undefined {
  const form = currentTarget instanceof HTMLButtonElement ? currentTarget.form : null
  const message = form && new FormData(form).get('handleMessage')
  return typeof message === 'string' && message.trim() !== '' ? message.trim() : undefined
}
