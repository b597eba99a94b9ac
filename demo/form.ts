/** The dialog of a form. It covers one user's half of the page. The other half stays usable. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { keyed } from 'lit-html/directives/keyed.js'
import { ref } from 'lit-html/directives/ref.js'
import type { Member, OperationName } from 'offline-groups'
import { answers } from './fields.ts'
import { createGroup } from './forms/create-group.ts'
import type { Form, Subject } from './forms/form.ts'
import { joinGroup } from './forms/join-group.ts'
import { dismissGroup, quitGroup } from './forms/leave-group.ts'
import {
  setGroupMemberCustomField,
  setGroupMemberMuteTime,
  setGroupMemberNameCard
} from './forms/member-fields.ts'
import { addGroupMember, changeGroupOwner, deleteGroupMember } from './forms/members.ts'
import { updateGroupProfile } from './forms/update-group-profile.ts'
import type { User } from './user.ts'

const forms = {
  createGroup,
  joinGroup,
  updateGroupProfile,
  quitGroup,
  dismissGroup,
  addGroupMember,
  deleteGroupMember,
  changeGroupOwner,
  setGroupMemberMuteTime,
  setGroupMemberNameCard,
  setGroupMemberCustomField
} as const satisfies Readonly<Record<Exclude<OperationName, WithoutForm>, Form>>

/**
 * Operations of one click, in `inbox.ts`, `you.ts` and `member-card.ts`, and those that apps make,
 * not users. A name here satisfies the compiler, so nothing asks for the button.
 */
type WithoutForm =
  | 'handleGroupApplication'
  | 'setMessageRemindType'
  | 'setGroupMemberRole'
  | 'markGroupMemberList'
  | `${'init' | 'set' | 'delete'}GroupAttributes`
  | 'setGroupCounters'
  | `${'increase' | 'decrease'}GroupCounter`

export type OpenForm = {
  readonly name: keyof typeof forms
  /** Default: the selected group. */
  readonly groupID?: string
  readonly member?: Member
}

/** The open form, if any. */
export function form(user: User): TemplateResult | typeof nothing {
  const open = user.view.form
  if (!open) return nothing
  const { selected } = user.view
  const subject: Subject = {
    user,
    group: selected?.group ?? null,
    member: open.member,
    groupID: open.groupID ?? (open.name === 'joinGroup' ? '' : (selected?.groupID ?? ''))
  }
  const { title, submit, fields, send }: Form = forms[open.name]
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault()
    const sheet = event.target
    // A second click before the store has answered must not apply the operation twice.
    if (!(sheet instanceof HTMLFormElement) || sheet.ariaBusy) return
    sheet.ariaBusy = 'true'
    const isSent = await send(subject, answers(sheet))
    sheet.ariaBusy = null
    // A refused form stays open for a correction. The user may have opened another form meanwhile.
    if (isSent && user.view.form === open) user.closeForm()
  }
  // Untouched fields follow changes of the group.
  return html`${keyed(
    open,
    html`<dialog
      class="sheet"
      aria-label=${title(subject)}
      data-testid="form"
      ${ref(show)}
      @keydown=${(event: KeyboardEvent) => event.key === 'Escape' && user.closeForm()}
    >
      <form @submit=${onSubmit}>
        <h3>${title(subject)}</h3>
        ${fields(subject)}
        <footer>
          <button type="button" data-testid="cancel" @click=${user.closeForm}>Cancel</button>
          <button class="primary" data-testid="submit">${submit}</button>
        </footer>
      </form>
    </dialog>`
  )}`
}

/** Shows the dialog, with the focus inside, as soon as it is in the document. */
function show(element: Element | undefined): void {
  queueMicrotask(() => element instanceof HTMLDialogElement && !element.open && element.show())
}
