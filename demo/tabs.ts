/** Tabs: one of several panels in the same place. */

import { html, nothing, type TemplateResult } from 'lit-html'

type Tab<T extends string> = {
  readonly name: T
  readonly label: string
  readonly badge?: string
  readonly panel: TemplateResult
}

export type Tabs<T extends string> = {
  /** Unique in the page. */
  readonly id: string
  readonly label: string
  readonly all: readonly Tab<T>[]
  readonly current: T
  choose(name: T): void
}

export function tabs<T extends string>({
  id,
  label,
  all,
  current,
  choose
}: Tabs<T>): TemplateResult {
  return html`<div class="tabs" role="tablist" aria-label=${label} @keydown=${move}>
      ${all.map(
        ({ name, label, badge }) =>
          html`<button
            role="tab"
            id="${id}-${name}"
            data-testid="tab-${name}"
            aria-selected=${name === current}
            aria-controls="${id}-${name}-panel"
            tabindex=${name === current ? 0 : -1}
            @click=${() => choose(name)}
          >
            ${label}
            ${
              badge === undefined
                ? nothing
                : html`<span class="number" data-testid="${name}-count">${badge}</span>`
            }
          </button>`
      )}
    </div>
    ${all.map(
      ({ name, panel }) =>
        html`<div
          class="panel ${name}"
          role="tabpanel"
          id="${id}-${name}-panel"
          aria-labelledby="${id}-${name}"
          ?hidden=${name !== current}
        >
          ${panel}
        </div>`
    )}`
}

function move(event: KeyboardEvent): void {
  const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 }
  const step = steps[event.key]
  if (step === undefined || !(event.currentTarget instanceof HTMLElement)) return
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')]
  const index = all.findIndex(tab => tab === document.activeElement)
  const next = all[(index + step + all.length) % all.length]
  next?.focus()
  next?.click()
}
