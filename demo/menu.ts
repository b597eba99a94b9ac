/** A menu button. Its menu closes on a choice, on Escape, and when the focus leaves it. */

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

/** Runs before the click of the item: a dialog returns the focus to the element that had it. */
function choose({ target, currentTarget }: Event): void {
  const button = target instanceof Element ? target.closest('button:not([aria-disabled])') : null
  if (button && currentTarget instanceof HTMLDetailsElement) close(currentTarget)
}
