/** The server's answer about a group that the user is not in. */

import { html, nothing, type TemplateResult } from 'lit-html'
import { isGroupError, type JoinOption } from 'offline-groups'
import { typeBadge } from './badges.ts'
import { counted, plain } from './text.ts'
import type { User } from './user.ts'

const ways: Readonly<Record<JoinOption, string>> = {
  FreeAccess: 'Anybody may come in.',
  NeedPermission: 'Its admins approve new members.',
  DisableApply: 'Users cannot apply.'
}

export function searchedGroup({ view }: User): TemplateResult | typeof nothing {
  if (!view.searched) return nothing
  const { groupID, answer } = view.searched
  if (!answer)
    return html`<p class="found" data-testid="found">
      Asking the server about <bdi>${plain(groupID)}</bdi> …
    </p>`
  if (isGroupError(answer)) {
    return html`<p class="found refused" data-testid="found">
      <code>${answer.code}</code> ${plain(answer.message)}
    </p>`
  }
  const { name, type, memberNum, ownerID, introduction, joinOption } = answer
  return html`<div class="found" data-testid="found">
    <h4><bdi>${plain(name)}</bdi> ${typeBadge(type)}</h4>
    <p>
      ${counted(memberNum, 'member')}, owned by <bdi>${plain(ownerID || 'nobody')}</bdi>.
      ${Object.hasOwn(ways, joinOption) ? ways[joinOption as JoinOption] : plain(joinOption)}
    </p>
    ${introduction ? html`<p class="introduction"><bdi>${plain(introduction)}</bdi></p>` : nothing}
  </div>`
}
