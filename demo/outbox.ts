/** Operations without a verdict. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import { sentence } from './sentences.ts'
import { plain, time } from './text.ts'
import type { User } from './user.ts'

/** Of a longer outbox, this many operations are shown. */
const shownMax = 100

export function outbox({ view: { outbox, status, isOffline }, nameOf }: User): TemplateResult {
  const state = status?.connection === 'online' ? 'sent' : 'waiting'
  return html`<section class="outbox" aria-label="Outbox" data-testid="outbox">
    <h3>
      Outbox ${outbox.length > 0 ? html`<span class="number">${outbox.length}</span>` : nothing}
    </h3>
    ${
      outbox.length === 0
        ? html`<p class="empty">
            ${isOffline ? 'No operation waits.' : 'No operation waits: the server has judged all.'}
          </p>`
        : html`<ol tabindex="0" aria-label="Pending operations">
            ${repeat(
              outbox.slice(0, shownMax),
              ({ opID }) => opID,
              pending =>
                html`<li data-testid="outbox-entry">
                  <span class="clock" aria-hidden="true"></span>
                  <span class="sentence">${sentence(pending)} — <em>${state}</em></span>
                  <bdi class="where">${plain(nameOf(pending.groupID))}</bdi>
                  <time>${time(pending.askedAtMs)}</time>
                </li>`
            )}
          </ol>`
    }
  </section>`
}
