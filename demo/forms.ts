/** What has to be filled in or confirmed before an operation. A form belongs to one user's half; the other half stays usable. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { keyed } from 'lit-html/directives/keyed.js'
import { ref } from 'lit-html/directives/ref.js'
import { answers, area, check, choice, text, type Answers } from './fields.ts'
import type { Group } from 'offline-groups'
import { plain } from './text.ts'
import type { User } from './user.ts'

export type FormName = keyof typeof forms

type Form = {
  readonly title: string
  readonly submit: string
  fields(group: Group | null): TemplateResult
  /** Answers whether the operation was taken. */
  send(user: User, answers: Answers, group: Group | null): Promise<boolean>
}

const forms = {
  createGroup: {
    title: 'New group',
    submit: 'Create',
    fields: () => html`
      ${text('name', 'Name', { required: true })} ${choice('type', 'Type', ['Public', 'Private', 'ChatRoom', 'AVChatRoom'])}
      ${text('groupID', 'Group ID', { hint: 'optional' })} ${text('introduction', 'Introduction')}
      ${text('members', 'Members', { hint: 'user IDs, separated by spaces' })}
      ${text('admins', 'Admins', { hint: 'user IDs, separated by spaces' })}
    `,
    async send(user, { text, oneOf, users }) {
      const admins = users('admins').map(userID => ({ userID, role: 'Admin' as const }))
      const members = users('members').map(userID => ({ userID }))
      const created = await user.apply('createGroup', {
        name: text('name'),
        type: oneOf('type', ['Private', 'Public', 'ChatRoom', 'AVChatRoom']),
        groupID: text('groupID') || undefined,
        introduction: text('introduction') || undefined,
        memberList: [...members, ...admins]
      })
      if (created) user.select(created.groupID)
      return Boolean(created)
    }
  },
  joinGroup: {
    title: 'Join a group',
    submit: 'Join',
    fields: () =>
      html`${text('groupID', 'Group ID', { required: true })} ${text('applyMessage', 'Message', { hint: 'for its admins' })}`,
    async send(user, { text }) {
      const groupID = text('groupID')
      const joined = await user.apply('joinGroup', { groupID, applyMessage: text('applyMessage') || undefined })
      if (joined) void tellOutcome(user, joined)
      return Boolean(joined)
    }
  },
  updateGroupProfile: {
    title: 'Edit the profile',
    submit: 'Save',
    fields: group => html`
      ${text('name', 'Name', { value: group?.name, required: true })} ${area('introduction', 'Introduction', group?.introduction)}
      ${area('notification', 'Notification', group?.notification)}
      ${text('avatar', 'Avatar', { value: group?.avatar, hint: 'an https address' })}
      ${text('maxMemberNum', 'Member limit', { value: String(group?.maxMemberNum ?? '') })}
      ${
        group?.type === 'Public'
          ? choice('joinOption', 'Joining', ['FreeAccess', 'NeedPermission', 'DisableApply'], group.joinOption)
          : nothing
      }
      ${check('muteAllMembers', 'Mute everybody', group?.muteAllMembers)}
    `,
    async send(user, { text, oneOf, isChecked }, group) {
      if (!group) return true
      // Only what has changed: each field has rules of its own.
      const changed = <T>(before: T, after: T | undefined) => (after === before ? undefined : after)
      return Boolean(
        await user.apply('updateGroupProfile', {
          groupID: group.groupID,
          name: changed(group.name, text('name')),
          introduction: changed(group.introduction, text('introduction')),
          notification: changed(group.notification, text('notification')),
          avatar: changed(group.avatar, text('avatar')),
          maxMemberNum: changed(group.maxMemberNum, Number(text('maxMemberNum'))),
          joinOption: changed(group.joinOption, oneOf('joinOption', ['FreeAccess', 'NeedPermission', 'DisableApply'])),
          muteAllMembers: changed(group.muteAllMembers, isChecked('muteAllMembers'))
        })
      )
    }
  },
  addGroupMember: {
    title: 'Add members',
    submit: 'Add',
    fields: () => text('users', 'User IDs', { required: true, hint: 'separated by spaces' }),
    send: async (user, { users }, group) =>
      Boolean(group && (await user.apply('addGroupMember', { groupID: group.groupID, userIDList: users('users') })))
  },
  quitGroup: {
    title: 'Leave this group?',
    submit: 'Leave',
    fields: group => html`<p>This device forgets everything about <bdi>${plain(group?.name ?? '')}</bdi>.</p>`,
    async send(user, _answers, group) {
      const done = Boolean(group && (await user.apply('quitGroup', { groupID: group.groupID })))
      if (done) user.select(undefined)
      return done
    }
  },
  dismissGroup: {
    title: 'Dismiss this group?',
    submit: 'Dismiss for everybody',
    fields: group => html`<p>Nobody will be in <bdi>${plain(group?.name ?? '')}</bdi> any more.</p>`,
    async send(user, _answers, group) {
      const done = Boolean(group && (await user.apply('dismissGroup', { groupID: group.groupID })))
      if (done) user.select(undefined)
      return done
    }
  }
} as const satisfies Record<string, Form>

/** The form that is open, if any. */
export function form(user: User): TemplateResult | typeof nothing {
  const name = user.view.form
  if (!name) return nothing
  const { title, submit, fields, send }: Form = forms[name]
  const group = user.view.selected?.group ?? null
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (!(event.target instanceof HTMLFormElement)) return
    // What is refused can be corrected and sent again.
    if (await send(user, answers(event.target), group)) user.closeForm()
  }
  // Fields that nobody has touched go on showing the group as it is.
  return html`${keyed(
    name,
    html`<dialog
      class="sheet"
      aria-label=${title}
      data-testid="form"
      ${ref(show)}
      @keydown=${(event: KeyboardEvent) => event.key === 'Escape' && user.closeForm()}
    >
      <form @submit=${onSubmit}>
        <h3>${title}</h3>
        ${fields(group)}
        <footer>
          <button type="button" data-testid="cancel" @click=${user.closeForm}>Cancel</button>
          <button class="primary" data-testid="submit">${submit}</button>
        </footer>
      </form>
    </dialog>`
  )}`
}

/** Shows it and puts the focus into it, as soon as it is in the document. */
function show(element: Element | undefined): void {
  queueMicrotask(() => element instanceof HTMLDialogElement && !element.open && element.show())
}

/** Whether somebody may simply come in, or has to be let in, only the server knows. */
async function tellOutcome(user: User, { groupID, opID }: { groupID: string; opID: string }): Promise<void> {
  const verdict = await user.store.settled(opID)
  if (!('kind' in verdict) || verdict.kind === 'rejected') return
  const status: unknown = typeof verdict.result === 'object' && verdict.result !== null && Reflect.get(verdict.result, 'status')
  if (status === 'WaitAdminApproval') user.say({ kind: 'note', text: 'The admins of the group have been asked.' })
  else user.select(groupID)
}
