import { html } from 'lit-html'
import { answers, text } from '../fields.ts'
import { searchedGroup } from '../searched-group.ts'
import type { User } from '../user.ts'
import type { Form } from './form.ts'

export const joinGroup: Form = {
  title: () => 'Join a group',
  submit: 'Join',
  fields: ({ user, groupID }) => html`
    <div class="with-button">
      ${text('groupID', 'Group ID', { value: groupID, isRequired: true })}
      <button type="button" data-testid="look-up" @click=${(event: Event) => lookUp(user, event)}>
        Look up
      </button>
    </div>
    <div aria-live="polite">${searchedGroup(user)}</div>
    ${text('applyMessage', 'Message', { hint: 'for the admins, if they have to approve' })}
  `,
  async send({ user }, { text, filled }) {
    const joined = await user.apply('joinGroup', {
      groupID: text('groupID') ?? '',
      applyMessage: filled('applyMessage')
    })
    if (joined) void tellOutcome(user, joined)
    return Boolean(joined)
  }
}

function lookUp(user: User, { currentTarget }: Event): void {
  const form = currentTarget instanceof HTMLButtonElement ? currentTarget.form : null
  const groupID = form && answers(form).filled('groupID')
  if (groupID) void user.lookUp(groupID, 'searchGroup')
}

/** Only the server knows whether the group requires an application. */
async function tellOutcome(
  user: User,
  { groupID, opID }: { groupID: string; opID: string }
): Promise<void> {
  const verdict = await user.store.settled(opID)
  if (!('kind' in verdict) || verdict.kind === 'rejected' || verdict.kind === 'unknown') return
  const status: unknown =
    typeof verdict.result === 'object' &&
    verdict.result !== null &&
    Reflect.get(verdict.result, 'status')
  if (status === 'WaitAdminApproval')
    user.showToast({ kind: 'note', text: 'The admins of the group have been asked.' })
  else user.enter(groupID)
}
