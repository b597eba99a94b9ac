/** A button for an operation. What the rules forbid stays in its place, greyed, and says why; pressed, it says so aloud. */

import { html, nothing, type TemplateResult } from 'lit-html'
import type { Args, GroupError, OperationName } from 'offline-groups'
import { plain } from './text.ts'
import type { User } from './user.ts'

export type Deed<N extends OperationName> = {
  readonly id: string
  /** Tells deeds of the same `id` apart. */
  readonly key?: string | number
  readonly label: string
  /** What a screen reader says instead of the label. */
  readonly spoken?: string
  readonly kind?: 'primary' | 'danger' | ''
  /** What it is judged by; a form may follow that asks for more. */
  readonly name: N
  readonly args: Args<N>
  /** Why it cannot be done, where the page knows more than the rules can tell. */
  readonly refusal?: GroupError | undefined
  /** Instead of doing it with just these arguments. */
  press?(event: Event): void
}

export function deed<N extends OperationName>(user: User, deed: Deed<N>): TemplateResult {
  const { id, key = '', label, spoken, kind = '', name, args } = deed
  const refusal = deed.refusal ?? user.whyNot(name, args)
  const { press = () => void user.apply(name, args) } = deed
  const reasonID = `${user.userID}-${id}-${key}-reason`
  return html`<button
      class=${kind || nothing}
      data-testid=${id}
      aria-label=${spoken ?? nothing}
      aria-disabled=${refusal ? 'true' : nothing}
      aria-describedby=${refusal ? reasonID : nothing}
      @click=${(event: Event) => (refusal ? user.say({ kind: 'refusal', error: refusal }) : press(event))}
    >
      ${label}</button
    >${refusal ? html`<small class="reason" id=${reasonID}>${plain(refusal.message)}</small>` : nothing}`
}
