/** Refused and partly done operations, with reason and cause. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import type { OperationName, VerdictEntry } from 'offline-groups'
import { operationButton } from './operation-button.ts'
import { causeSentence, sentence } from './sentences.ts'
import { enumerate, plain, time } from './text.ts'
import type { User } from './user.ts'

export function verdicts(user: User): TemplateResult {
  return html`<section class="verdicts" aria-label="Verdicts" aria-live="polite">
    ${repeat(
      user.view.verdicts,
      ({ opID }) => opID,
      entry => card(user, entry)
    )}
  </section>`
}

const headings = {
  rejected: 'Refused',
  partial: 'Partly done',
  unknown: 'Answered',
  applied: 'Done'
} as const

function card(user: User, entry: VerdictEntry): TemplateResult {
  const { opID, groupID, askedAtMs, verdict } = entry
  const isRefused = verdict.kind === 'rejected'
  return html`<article class="verdict ${verdict.kind}" data-testid="verdict">
    <h3>${headings[verdict.kind]}: ${wish(entry)}</h3>
    <p class="where">
      in <bdi>${plain(user.nameOf(groupID))}</bdi>, requested at ${time(askedAtMs)}
    </p>
    ${
      isRefused
        ? html`<p>
            ${plain(verdict.error.message)}
            ${
              verdict.cause
                ? html`<strong data-testid="cause"
                    >Because ${causeSentence(verdict.cause)}.</strong
                  >`
                : nothing
            }
          </p>`
        : html`<p>
            ${verdict.kind === 'unknown' ? plain(verdict.word) : leftOver(verdict.result)}
          </p>`
    }
    <footer>
      ${
        isRefused
          ? html`<code data-testid="code">${verdict.error.code} ${verdict.error.reason}</code>
              ${retryButton(user, entry)}`
          : nothing
      }
      <button data-testid="dismiss-verdict" @click=${() => user.dismissVerdict(opID)}>
        Dismiss
      </button>
    </footer>
  </article>`
}

function retryButton(
  user: User,
  { opID, groupID, name, args, verdict }: VerdictEntry
): TemplateResult {
  const isForMembers = name !== 'createGroup' && name !== 'joinGroup'
  // Without the rows of the group, the rules cannot refuse, so the verdict's error is shown.
  const isOut = isForMembers && user.view.groups?.rows.every(group => group.groupID !== groupID)
  return operationButton(user, {
    id: 'retry-verdict',
    key: opID,
    label: 'Try again',
    // The arguments have passed their checks. If storage has damaged them, the rules refuse them.
    name: name as OperationName,
    args,
    refusal: isOut && verdict.kind === 'rejected' ? verdict.error : undefined,
    press: () => void user.retry(opID)
  })
}

function wish(entry: VerdictEntry): string {
  const { verdict } = entry
  // An operation that was damaged in storage may have lost its name.
  const isDamaged = verdict.kind === 'rejected' && verdict.error.reason === 'DamagedOperation'
  return isDamaged ? 'a damaged operation' : sentence(entry)
}

function leftOver(result: unknown): string {
  const users: unknown =
    typeof result === 'object' && result !== null
      ? Reflect.get(result, 'failureUserIDList')
      : undefined
  return Array.isArray(users)
    ? `Not added, because they are in too many groups: ${enumerate(users.map(String))}.`
    : ''
}
