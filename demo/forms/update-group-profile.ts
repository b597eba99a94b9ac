import { html, nothing } from 'lit-html'
import type { Args } from 'offline-groups'
import { area, check, choice, customFields, text } from '../fields.ts'
import type { Form, Subject } from './form.ts'

export const updateGroupProfile: Form = {
  title: () => 'Edit the profile',
  submit: 'Save',
  fields(subject) {
    const { group } = subject
    if (!group) return html``
    const {
      name,
      introduction,
      notification,
      avatar,
      maxMemberNum,
      type,
      joinOption,
      muteAllMembers,
      groupCustomField
    } = group
    return html`
      ${text('name', 'Name', { value: name, isRequired: true, refusal: whyNot(subject, { name }) })}
      ${area('introduction', 'Introduction', {
        value: introduction,
        refusal: whyNot(subject, { introduction })
      })}
      ${area('notification', 'Notification', {
        value: notification,
        refusal: whyNot(subject, { notification })
      })}
      ${text('avatar', 'Avatar', {
        value: avatar,
        hint: 'an https address',
        refusal: whyNot(subject, { avatar })
      })}
      ${text('maxMemberNum', 'Member limit', {
        value: String(maxMemberNum),
        refusal: whyNot(subject, { maxMemberNum })
      })}
      ${
        type === 'Public'
          ? choice('joinOption', 'Joining', [...new Set([...joinOptions, joinOption])], {
              value: joinOption,
              refusal: whyNot(subject, { joinOption: 'FreeAccess' })
            })
          : nothing
      }
      ${check('muteAllMembers', 'Mute everybody', {
        isChecked: muteAllMembers,
        refusal: whyNot(subject, { muteAllMembers })
      })}
      ${customFields(groupCustomField, {
        countMax: 20,
        refusal: whyNot(subject, { groupCustomField })
      })}
    `
  },
  async send({ user, group }, { text, number, oneOf, isChecked, changedFields }) {
    if (!group) return true
    // Only changed fields are sent, because each field has its own permissions.
    const changed = <T>(before: unknown, after: T | undefined) =>
      after === before ? undefined : after
    const groupCustomField = changedFields(group.groupCustomField)
    return Boolean(
      await user.apply('updateGroupProfile', {
        groupID: group.groupID,
        name: changed(group.name, text('name')),
        introduction: changed(group.introduction, text('introduction')),
        notification: changed(group.notification, text('notification')),
        avatar: changed(group.avatar, text('avatar')),
        maxMemberNum: changed(group.maxMemberNum, number('maxMemberNum')),
        joinOption: changed(group.joinOption, oneOf('joinOption', joinOptions)),
        muteAllMembers: changed(group.muteAllMembers, isChecked('muteAllMembers')),
        groupCustomField: groupCustomField.length > 0 ? groupCustomField : undefined
      })
    )
  }
}

const joinOptions = ['FreeAccess', 'NeedPermission', 'DisableApply'] as const

const whyNot = ({ user, groupID }: Subject, field: Omit<Args<'updateGroupProfile'>, 'groupID'>) =>
  user.whyNot('updateGroupProfile', { groupID, ...field })
