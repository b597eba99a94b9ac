/** Quitting and dismissing a group. */

import { html } from 'lit-html'
import { plain } from '../text.ts'
import type { Form } from './form.ts'

export const quitGroup: Form = {
  title: () => 'Leave this group?',
  submit: 'Leave',
  fields: ({ group }) =>
    html`<p>This device removes all data of <bdi>${plain(group?.name ?? '')}</bdi>.</p>`,
  async send({ user, groupID }) {
    const done = await user.apply('quitGroup', { groupID })
    if (done) user.select(undefined)
    return Boolean(done)
  }
}

export const dismissGroup: Form = {
  title: () => 'Dismiss this group?',
  submit: 'Dismiss for everybody',
  fields: ({ group }) =>
    html`<p><bdi>${plain(group?.name ?? '')}</bdi> ends for all its members.</p>`,
  async send({ user, groupID }) {
    const done = await user.apply('dismissGroup', { groupID })
    if (done) user.select(undefined)
    return Boolean(done)
  }
}
