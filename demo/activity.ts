/** The tips of the selected group, the latest first. */

import { html, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import type { Selected } from './selected.ts'
import { plain, time } from './text.ts'
import { tipSentence } from './message-sentences.ts'

export function activity({ tips }: Selected): TemplateResult {
  if (tips?.rows.length === 0)
    return html`<p class="empty">No tips have arrived on this device yet.</p>`
  return html`<ol class="lines" tabindex="0" aria-label="Activity">
    ${repeat(
      tips?.rows.toReversed() ?? [],
      ({ seq }) => seq,
      tip =>
        html`<li data-testid="tip">
          <bdi class="sentence">${plain(tipSentence(tip))}</bdi>
          <time>${time(tip.time * 1000)}</time>
        </li>`
    )}
  </ol>`
}
