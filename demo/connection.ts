/** The user, and the state of the connection. */

import { html, nothing, type TemplateResult } from 'lit-html'
import type { Status } from 'offline-groups'
import { count } from './text.ts'
import type { User } from './user.ts'

export function connection(user: User): TemplateResult {
  const { userID, view } = user
  const { status, isOffline, outbox } = view
  const setOffline = ({ target }: Event) =>
    target instanceof HTMLInputElement && user.setOffline(target.checked)
  return html`<header class="connection" data-connection=${status?.connection ?? 'opening'}>
    <span class="face" aria-hidden="true">${userID[0]?.toUpperCase()}</span>
    <div class="who">
      <h2>${userID}</h2>
      <p role="status">
        <span class="dot"></span>
        <span data-testid="connection"
          >${status ? words(status, view) : 'opening the database'}</span
        >
        ${
          outbox.length > 0
            ? html`<span class="pending" data-testid="pending"
                >${count(outbox.length)} waiting</span
              >`
            : nothing
        }
      </p>
      ${retry(status)}
      ${
        status?.lastError
          ? html`<p class="last-error" data-testid="last-error">
              ${status.lastError.code} ${status.lastError.message}
            </p>`
          : nothing
      }
    </div>
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        data-testid="offline"
        .checked=${isOffline}
        @change=${setOffline}
      />
      Offline
    </label>
  </header>`
}

/** "caught up" is about both directions. `caughtUp` of the status is only about receiving. */
function words(
  { connection, caughtUp }: Status,
  { isOffline, outbox, callCount }: User['view']
): string {
  if (isOffline) return 'offline'
  if (connection !== 'online') return connection === 'connecting' ? 'connecting' : 'no connection'
  if (!caughtUp) return 'online, catching up'
  return outbox.length + callCount > 0 ? 'online, sending' : 'online, caught up'
}

/** Outside the live region: it changes every second. */
function retry(status: Status | undefined): TemplateResult | typeof nothing {
  if (!status?.nextRetryAtMs) return nothing
  const seconds = Math.max(0, Math.ceil((status.nextRetryAtMs - Date.now()) / 1000))
  return html`<p class="retry" data-testid="next-retry" data-runs-down>
    next attempt in ${seconds} s
  </p>`
}
