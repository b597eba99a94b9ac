/** Fields of a member, either another one or the user. */

import { html } from 'lit-html'
import { choice, customFields, text } from '../fields.ts'
import { plain } from '../text.ts'
import { nameOf, type Form, type Subject } from './form.ts'

const secondsIn = { minutes: 60, seconds: 1, hours: 3600, days: 86_400 } as const
const units = ['minutes', 'seconds', 'hours', 'days'] as const

export const setGroupMemberMuteTime: Form = {
  title: ({ member }) => `Mute ${plain(member?.userID ?? '')}`,
  submit: 'Mute',
  fields: () =>
    html`<div class="with-button">
      ${text('muteTime', 'For how long', { value: '10', isRequired: true })}
      ${choice('unit', 'Unit', units)}
    </div>`,
  async send({ user, groupID, member }, { number, oneOf }) {
    if (!member) return true
    const muteTime = (number('muteTime') ?? 0) * secondsIn[oneOf('unit', units) ?? 'minutes']
    return Boolean(
      await user.apply('setGroupMemberMuteTime', { groupID, userID: member.userID, muteTime })
    )
  }
}

export const setGroupMemberNameCard: Form = {
  title: subject => `Change ${nameOf(subject)} name card`,
  submit: 'Save',
  fields: ({ member }) =>
    text('nameCard', 'Name in this group', { value: member?.nameCard, hint: 'empty: none' }),
  send: async (subject, { text }) =>
    Boolean(
      await subject.user.apply('setGroupMemberNameCard', {
        ...targetOf(subject),
        nameCard: text('nameCard') ?? ''
      })
    )
}

export const setGroupMemberCustomField: Form = {
  title: subject => `Change ${nameOf(subject)} custom fields`,
  submit: 'Save',
  fields: ({ member }) => customFields(member?.memberCustomField ?? [], { countMax: 5 }),
  send: async (subject, { changedFields }) =>
    Boolean(
      await subject.user.apply('setGroupMemberCustomField', {
        ...targetOf(subject),
        memberCustomField: changedFields(subject.member?.memberCustomField ?? [])
      })
    )
}

/** Without a userID, the operation is about the caller. */
const targetOf = ({ user, groupID, member }: Subject) => ({
  groupID,
  userID: member?.userID === user.userID ? undefined : member?.userID
})
