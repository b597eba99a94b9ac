import { html, type TemplateResult } from 'lit-html'
import type { GroupType, Role } from 'offline-groups'

export const typeBadge = (type: GroupType): TemplateResult => html`<span class="badge">${type}</span>`

export const roleBadge = (role: Role): TemplateResult =>
  html`<span class="role ${role}" data-testid="role">${role.toLowerCase()}</span>`

/** Stands where something is shown that the server has not confirmed. */
export const pendingMark = html`<span class="clock" role="img" aria-label="not confirmed yet"></span>`
