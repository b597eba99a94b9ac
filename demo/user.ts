/** One of the two users: the store, and the calls of the page. */

import {
  createGroupStore,
  isGroupError,
  type Args,
  type GroupError,
  type GroupStore,
  type OperationName
} from 'offline-groups'
import { focusSoon } from './focus.ts'
import type { OpenForm } from './form.ts'
import { openGroup } from './selected.ts'
import {
  initialView,
  type Listing,
  type SearchedGroup,
  type Side,
  type Toast,
  type View
} from './view.ts'
import { createVirtualList, type VirtualList } from './virtual-list.ts'

const groupRowPx = 52

export type User = {
  readonly userID: string
  readonly store: GroupStore
  readonly view: View
  readonly groupRows: VirtualList
  /** Selects a group. A narrow page shows the list until the group is entered. */
  select(groupID: string | undefined): void
  enter(groupID: string): void
  /** Returns to the list on a narrow page. */
  leave(): void
  show(list: Side): void
  setListing(listing: Partial<Listing>): void
  setOffline(isOffline: boolean): void
  open(form: OpenForm): void
  closeForm(): void
  /** Applies an operation. A refusal is shown in a toast, and the result is `undefined`. */
  apply: <N extends OperationName>(
    name: N,
    args: Args<N>
  ) => Promise<{ groupID: string; opID: string } | undefined>
  /** The refusal that this page can predict, if any. */
  whyNot: <N extends OperationName>(name: N, args: Args<N>) => GroupError | undefined
  /** Requests a group that the user is not in from the server. */
  lookUp(groupID: string, how: 'searchGroup' | 'readProfile'): Promise<void>
  retry(opID: string): Promise<void>
  dismissVerdict(opID: string): void
  showToast(toast: Toast | undefined): void
  /** The last name of the group that this page knows. */
  nameOf(groupID: string): string
}

export function openUser(
  { userID, token, url }: { userID: string; token: string; url: string },
  changed: () => void
): User {
  const remembered = `${userID} is offline`
  const isOffline = (pageStorage()?.getItem(remembered) ?? null) !== null
  const store = createGroupStore({ url, userID, token, paused: isOffline })
  const names = new Map<string, string>()
  let hasChosen = false
  let opener: Element | null = null
  const view = initialView(isOffline)
  const change = (part: Partial<View>) => {
    Object.assign(view, part)
    changed()
  }

  store.outbox$.subscribe(outbox => change({ outbox }))
  store.groups$.subscribe(groups => {
    const waiting = new Set(view.outbox.map(({ groupID }) => groupID))
    // A pending name may be refused, so only confirmed names are remembered.
    for (const { groupID, name } of groups.rows) if (!waiting.has(groupID)) names.set(groupID, name)
    change({ groups })
    // At first, the latest group is selected.
    const first = groups.rows[0]
    if (first && !hasChosen && (!groups.stale || view.isOffline)) choose(first.groupID)
  })
  const groupRows = createVirtualList(groupRowPx, changed)
  let listed = store.groupList$(view.listing).subscribe(list => change({ listed: list }))
  function setListing(part: Partial<Listing>): void {
    listed.unsubscribe()
    view.listing = { ...view.listing, ...part }
    groupRows.scrollToTop()
    listed = store.groupList$(view.listing).subscribe(list => change({ listed: list }))
  }

  store.notices$.subscribe(notices => {
    const newest = notices.rows.at(-1)?.fseq ?? 0
    // On a new device, older notices count as read.
    const isHistory = view.readUpTo === undefined && (view.notices ? !notices.stale : newest > 0)
    change({ notices, ...((isHistory || view.side === 'inbox') && { readUpTo: newest }) })
  })
  store.verdicts$.subscribe(verdicts => change({ verdicts }))
  store.status$.subscribe(status => change({ status }))

  /** Shows a refusal. `callCount` makes the page show "sending" from the click on. */
  async function call<T extends object>(
    start: () => Promise<T | GroupError>
  ): Promise<T | undefined> {
    change({ toast: undefined, callCount: view.callCount + 1 })
    const answer = await start()
    const isRefused = isGroupError(answer)
    change({
      callCount: view.callCount - 1,
      ...(isRefused && { toast: { kind: 'refusal', error: answer } })
    })
    return isRefused ? undefined : answer
  }

  function disconnect(isOffline: boolean): void {
    void (isOffline ? store.pause() : store.resume())
    change({ isOffline })
  }
  // The leading tab may be another one, so every tab of the user pauses.
  addEventListener('storage', ({ key, newValue }) => {
    if (key === remembered) disconnect(newValue !== null)
  })

  function choose(groupID: string | undefined): void {
    if (groupID === view.selected?.groupID) return
    hasChosen = true
    view.selected?.close()
    change({
      selected: groupID === undefined ? undefined : openGroup({ store, userID, groupID, changed })
    })
  }

  function select(groupID: string | undefined): void {
    choose(groupID)
    change({ form: undefined, isInGroup: view.isInGroup && groupID !== undefined })
  }

  return {
    userID,
    store,
    view,
    groupRows,
    select,
    enter(groupID) {
      select(groupID)
      change({ isInGroup: true })
      focusSoon(`${userID}-leave`)
    },
    leave() {
      change({ isInGroup: false })
      focusSoon(`${userID}-groups`)
    },
    show: side =>
      change({ side, ...(side === 'inbox' && { readUpTo: view.notices?.rows.at(-1)?.fseq }) }),
    setListing,
    setOffline(isOffline) {
      if (isOffline) pageStorage()?.setItem(remembered, 'yes')
      else pageStorage()?.removeItem(remembered)
      disconnect(isOffline)
    },
    open(form) {
      opener = document.activeElement
      change({ form, toast: undefined })
    },
    closeForm() {
      change({ form: undefined })
      const back = opener
      // Elements behind the form cannot have the focus before the next draw.
      requestAnimationFrame(() => back instanceof HTMLElement && back.focus())
    },
    apply: (name, args) => call(() => store.apply(name, args)),
    whyNot(name, args) {
      const answer = store.can(name, args)
      // Without missing rows, the page is still loading the rules.
      if (answer.kind === 'unknown' && answer.missing.length === 0) changed()
      return answer.kind === 'no' ? answer.error : undefined
    },
    async lookUp(groupID, how) {
      const request: SearchedGroup = { groupID, answer: undefined }
      change({ searched: request })
      const answer = await store[how](groupID)
      // The user may have requested another group meanwhile.
      if (view.searched === request) change({ searched: { groupID, answer } })
    },
    retry: async opID => void (await call(() => store.retry(opID))),
    dismissVerdict: opID => void store.dismissVerdict(opID),
    showToast: toast => change({ toast }),
    nameOf(groupID) {
      const isIt = (row: { readonly groupID: string }) => row.groupID === groupID
      const creation = view.outbox.find(pending => isIt(pending) && pending.name === 'createGroup')
      const created = creation && String(creation.args['name'])
      // After a reload, a notice may have the name that a pending change replaces.
      const noticed = view.notices?.rows.findLast(isIt)?.groupName || undefined
      return (
        names.get(groupID) ?? noticed ?? created ?? view.groups?.rows.find(isIt)?.name ?? groupID
      )
    }
  }
}

/** `undefined` if the browser denies storage. The choice then lasts as long as the page. */
function pageStorage(): Storage | undefined {
  try {
    return localStorage
  } catch {
    return undefined
  }
}
