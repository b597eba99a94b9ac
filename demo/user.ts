/** One of the two users: a store of their own, what it has shown last, and what is open in their half of the page. */

import {
  createGroupStore,
  isGroupError,
  type Args,
  type Group,
  type GroupError,
  type GroupStore,
  type List,
  type OperationName,
  type PendingOperation,
  type Status,
  type VerdictEntry
} from 'offline-groups'
import type { FormName } from './forms.ts'
import { openMemberWindow, type MemberWindow } from './member-window.ts'
import { createVirtualList, type VirtualList } from './virtual-list.ts'

const groupRowPx = 52
const memberRowPx = 34

export type User = {
  readonly userID: string
  readonly store: GroupStore
  readonly view: View
  readonly groupRows: VirtualList
  select(groupID: string | undefined): void
  filter(text: string): void
  setOffline(isOffline: boolean): void
  open(form: FormName): void
  closeForm(): void
  /** Does an operation; a refusal is shown, and answered with `undefined`. */
  apply: <N extends OperationName>(name: N, args: Args<N>) => Promise<{ groupID: string; opID: string } | undefined>
  dismissVerdict(opID: string): void
  say(toast: Toast | undefined): void
  /** What the group is or was called, as far as this page knows. */
  nameOf(groupID: string): string
}

type Toast = { readonly kind: 'refusal'; readonly error: GroupError } | { readonly kind: 'note'; readonly text: string }

type View = {
  groups: List<Group> | undefined
  outbox: readonly PendingOperation[]
  verdicts: readonly VerdictEntry[]
  status: Status | undefined
  isOffline: boolean
  filter: string
  selected: Selected | undefined
  form: FormName | undefined
  toast: Toast | undefined
}

export type Selected = {
  readonly groupID: string
  /** `null`: the user is not in it; `undefined`: not known yet. */
  group: Group | null | undefined
  readonly members: MemberWindow
  readonly memberRows: VirtualList
  close(): void
}

export function openUser({ userID, token, url }: { userID: string; token: string; url: string }, changed: () => void): User {
  const remembered = `${userID} is offline`
  const isOffline = localStorage.getItem(remembered) !== null
  const store = createGroupStore({ url, userID, token, paused: isOffline })
  const names = new Map<string, string>()
  let hasChosen = false
  let opener: Element | null = null
  const view: View = {
    groups: undefined,
    outbox: [],
    verdicts: [],
    status: undefined,
    isOffline,
    filter: '',
    selected: undefined,
    form: undefined,
    toast: undefined
  }
  const change = (part: Partial<View>) => {
    Object.assign(view, part)
    changed()
  }

  store.outbox$.subscribe(outbox => change({ outbox }))
  store.groups$.subscribe(groups => {
    const waiting = new Set(view.outbox.map(({ groupID }) => groupID))
    // A name that waits for its verdict may not last.
    for (const { groupID, name } of groups.rows) if (!waiting.has(groupID) || !names.has(groupID)) names.set(groupID, name)
    change({ groups })
    // To begin with there is something to look at.
    const first = groups.rows[0]
    if (first && !hasChosen && (!groups.stale || view.isOffline)) choose(first.groupID)
  })
  store.verdicts$.subscribe(verdicts => change({ verdicts }))
  store.status$.subscribe(status => change({ status }))

  function disconnect(isOffline: boolean): void {
    void (isOffline ? store.pause() : store.resume())
    change({ isOffline })
  }
  // One tab talks to the network for all of them: whichever it is has to stop.
  addEventListener('storage', ({ key, newValue }) => {
    if (key === remembered) disconnect(newValue !== null)
  })

  function choose(groupID: string | undefined): void {
    if (groupID === view.selected?.groupID) return
    hasChosen = true
    view.selected?.close()
    change({ selected: groupID === undefined ? undefined : openGroup(groupID) })
  }

  function openGroup(groupID: string): Selected {
    const members = openMemberWindow(store, groupID, changed)
    const memberRows = createVirtualList(memberRowPx, inSight => {
      members.show(inSight)
      changed()
    })
    const selected: Selected = { groupID, group: undefined, members, memberRows, close }
    const subscription = store.group$(groupID).subscribe(group => {
      selected.group = group
      changed()
    })
    function close(): void {
      subscription.unsubscribe()
      members.close()
    }
    return selected
  }

  return {
    userID,
    store,
    view,
    groupRows: createVirtualList(groupRowPx, changed),
    select(groupID) {
      choose(groupID)
      change({ form: undefined })
    },
    filter: text => change({ filter: text }),
    setOffline(isOffline) {
      if (isOffline) localStorage.setItem(remembered, 'yes')
      else localStorage.removeItem(remembered)
      disconnect(isOffline)
    },
    open(form) {
      opener = document.activeElement
      change({ form, toast: undefined })
    },
    closeForm() {
      change({ form: undefined })
      if (opener instanceof HTMLElement) opener.focus()
    },
    async apply(name, args) {
      change({ toast: undefined })
      const answer = await store.apply(name, args)
      if (!isGroupError(answer)) return answer
      change({ toast: { kind: 'refusal', error: answer } })
      return undefined
    },
    dismissVerdict: opID => void store.dismissVerdict(opID),
    say: toast => change({ toast }),
    nameOf(groupID) {
      const creation = view.outbox.find(pending => pending.groupID === groupID && pending.name === 'createGroup')
      return names.get(groupID) ?? (creation ? String(creation.args['name']) : groupID)
    }
  }
}
