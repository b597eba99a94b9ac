/** The immediate answer of the store, usually a refusal. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { plain } from './text.ts'
import type { User } from './user.ts'

export function toast({ view, showToast }: User): TemplateResult {
  // The region is always in the page, so that screen readers announce its content.
  return html`<div class="toasts" aria-live="assertive">
    ${
      view.toast
        ? html`<div class="toast ${view.toast.kind}" data-testid="toast">
            ${
              view.toast.kind === 'refusal'
                ? html`<p>
                    <code>${view.toast.error.code}</code> ${plain(view.toast.error.message)}
                  </p>`
                : html`<p>${plain(view.toast.text)}</p>`
            }
            <button
              class="quiet"
              data-testid="dismiss-toast"
              aria-label="Dismiss"
              @click=${() => showToast(undefined)}
            >
              ✕
            </button>
          </div>`
        : nothing
    }
  </div>`
}
