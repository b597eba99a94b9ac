/** A button for an operation. A forbidden one is greyed and shows the reason, also when pressed. */

import { html, nothing, type TemplateResult } from 'lit-html'
import type { Args, GroupError, OperationName } from 'offline-groups'
import { plain } from './text.ts'
import type { User } from './user.ts'

type OperationButton<N extends OperationName> = {
  readonly id: string
  /** Distinguishes buttons of the same `id`. */
  readonly key?: string | number
  readonly label: string
  /** The label for screen readers. */
  readonly spoken?: string
  readonly kind?: 'primary' | 'danger' | ''
  /** The rules decide with these arguments. A form may add others. */
  readonly name: N
  readonly args: Args<N>
  /** A refusal that does not come from the rules. */
  readonly refusal?: GroupError | undefined
  /** Replaces the call with these arguments. */
  press?(event: Event): void
}

export function operationButton<N extends OperationName>(
  user: User,
  button: OperationButton<N>
): TemplateResult {
  const { id, key = '', label, spoken, kind = '', name, args } = button
  const refusal = button.refusal ?? user.whyNot(name, args)
  const { press = () => void user.apply(name, args) } = button
  const onClick = (event: Event) =>
    refusal ? user.showToast({ kind: 'refusal', error: refusal }) : press(event)
  const reasonID = `${user.userID}-${id}-${key}-reason`
  return html`<button
      class=${kind || nothing}
      data-testid=${id}
      aria-label=${spoken ?? nothing}
      aria-disabled=${refusal ? 'true' : nothing}
      aria-describedby=${refusal ? reasonID : nothing}
      @click=${onClick}
    >
      ${label}</button
    >${
      refusal
        ? html`<small class="reason" id=${reasonID}>${plain(refusal.message)}</small>`
        : nothing
    }`
}
