/** A button that shows more, until something in it is chosen, Escape is pressed, or the focus goes elsewhere. */

import { html, type TemplateResult } from 'lit-html'

export function menu({
  id,
  label,
  content
}: {
  id: string
  label: string
  content: TemplateResult
}): TemplateResult {
  return html`<details
    class="menu"
    @keydown=${closeOnEscape}
    @focusout=${closeWhenLeft}
    @click=${{ handleEvent: choose, capture: true }}
  >
    <summary data-testid=${id}>${label}</summary>
    <div class="choices" tabindex="-1">${content}</div>
  </details>`
}

function close(menu: HTMLDetailsElement): void {
  menu.querySelector('summary')?.focus()
  menu.open = false
}

function closeOnEscape({ key, currentTarget }: KeyboardEvent): void {
  if (key === 'Escape' && currentTarget instanceof HTMLDetailsElement) close(currentTarget)
}

function closeWhenLeft({ currentTarget, relatedTarget }: FocusEvent): void {
  if (!(currentTarget instanceof HTMLDetailsElement)) return
  if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget)))
    currentTarget.open = false
}

/** Before the button itself is told: what it opens gives the focus back to where it was. */
function choose({ target, currentTarget }: Event): void {
  const button = target instanceof Element ? target.closest('button:not([aria-disabled])') : null
  if (button && currentTarget instanceof HTMLDetailsElement) close(currentTarget)
}
