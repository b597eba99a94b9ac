import { html, nothing, type TemplateResult } from 'lit-html'
import { span, time } from './text.ts'
import type { User } from './user.ts'

export const typeBadge = (type: string): TemplateResult => html`<span class="badge">${type}</span>`

export const roleBadge = (role: string): TemplateResult =>
  html`<span class="role ${role}" data-testid="role">${role.toLowerCase()}</span>`

/** Marks a value that the server has not confirmed. */
export const pendingMark = html`<span
  class="clock"
  role="img"
  aria-label="not confirmed yet"
></span>`

/** The remaining time of a mute. The store publishes its end. */
export function muteBadge({ view }: User, muteUntil: number): TemplateResult | typeof nothing {
  if (muteUntil === 0) return nothing
  const now = (Date.now() + (view.status?.clockOffsetMs ?? 0)) / 1000
  const left = span(Math.max(0, Math.ceil(muteUntil - now)))
  return html`<span
    class="mute"
    data-testid="mute"
    data-runs-down
    title="muted until ${time(muteUntil * 1000)}"
    >muted ${left}</span
  >`
}
