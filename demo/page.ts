import { html, type TemplateResult } from 'lit-html'
import { connection } from './connection.ts'
import { form } from './form.ts'
import { groupDetails } from './group-details.ts'
import { groupList } from './group-list.ts'
import { inbox, unreadCount } from './inbox.ts'
import { menu } from './menu.ts'
import { outbox } from './outbox.ts'
import { tabs } from './tabs.ts'
import { count } from './text.ts'
import { toast } from './toast.ts'
import type { User } from './user.ts'
import { verdicts } from './verdicts.ts'

export const page = (users: readonly User[]): TemplateResult => html`
  <header class="top">
    <h1>Offline Groups</h1>
    <p>
      Two people, each with a database of their own. Take one offline, change things on both sides,
      come back.
    </p>
    <a href="./mini-program/">Bob’s phone</a>
    ${menu({ id: 'ideas', label: 'What to try', content: ideas })}
  </header>
  <main>${users.map(pane)}</main>
`

const ideas = html`<ol>
  <li>Take Ann offline, rename a group, reload the page, bring her back: Bob sees the new name.</li>
  <li>
    Take both offline in a group that Ann owns. She removes him, he renames it. Bring her back, then
    him.
  </li>
  <li>
    Let Bob join <code>lighthouse</code>, which asks its admins first. Ann finds him in her inbox.
  </li>
</ol>`

function pane(user: User): TemplateResult {
  const { userID, view } = user
  return html`<section
    class="pane ${userID}"
    data-testid=${userID}
    aria-label=${userID}
    ?data-offline=${view.isOffline}
  >
    ${connection(user)} ${verdicts(user)}
    <div class="work" ?data-in-group=${view.isInGroup}>
      ${side(user)} ${groupDetails(user)} ${form(user)} ${toast(user)}
    </div>
    ${outbox(user)}
  </section>`
}

function side(user: User): TemplateResult {
  const { userID, view, show } = user
  const unread = unreadCount(user)
  return html`<nav class="side" aria-label="Groups and inbox" ?inert=${view.form}>
    ${tabs({
      id: `${userID}-side`,
      label: 'Groups and inbox',
      current: view.side,
      choose: show,
      all: [
        { name: 'groups', label: 'Groups', panel: groupList(user) },
        {
          name: 'inbox',
          label: 'Inbox',
          ...(unread > 0 && { badge: count(unread) }),
          panel: inbox(user)
        }
      ]
    })}
  </nav>`
}
