import { html, type TemplateResult } from 'lit-html'
import { connection } from './connection.ts'
import { form } from './forms.ts'
import { groupDetails } from './group-details.ts'
import { groupList } from './group-list.ts'
import { outbox } from './outbox.ts'
import { toast } from './toast.ts'
import type { User } from './user.ts'
import { verdicts } from './verdicts.ts'

export const page = (users: readonly User[]): TemplateResult => html`
  <header class="top">
    <h1>Offline Groups</h1>
    <p>Two people, each with a database of their own. Take one offline, change things on both sides, come back.</p>
  </header>
  <main>${users.map(pane)}</main>
`

function pane(user: User): TemplateResult {
  const { userID, view } = user
  return html`<section class="pane ${userID}" data-testid=${userID} aria-label=${userID} ?data-offline=${view.isOffline}>
    ${connection(user)} ${verdicts(user)}
    <div class="work">${groupList(user)} ${groupDetails(user)} ${form(user)} ${toast(user)}</div>
    ${outbox(user)}
  </section>`
}
