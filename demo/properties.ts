/** A list of properties, each with its control. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { plain } from './text.ts'

export type Property = {
  readonly id: string
  readonly label: string
  readonly value: string | TemplateResult
  readonly control?: TemplateResult
}

export const properties = (all: readonly Property[]): TemplateResult =>
  html`<dl class="properties">
    ${all.map(
      ({ id, label, value, control }) =>
        html`<div>
          <dt>${label}</dt>
          <dd data-testid=${id}>${content(value)}</dd>
          ${control ? html`<dd class="control">${control}</dd>` : nothing}
        </div>`
    )}
  </dl>`

const content = (value: Property['value']): TemplateResult =>
  typeof value === 'string' ? html`<bdi>${plain(value)}</bdi>` : value
