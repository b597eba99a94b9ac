/** One of the two users: a store of their own, what it has shown last, and what is open in their half of the page. */

import {
  createGroupStore,
  isGroupError,
  type Args,
  type Group,
  type GroupError,
  type GroupStore,
  type List,
  type Notice,
  type OperationName,
  type PendingOperation,
  type Status,
  type VerdictEntry
} from 'offline-groups'
import { focusSoon } from './focus.ts'
import type { OpenForm } from './form.ts'
import { openGroup, type Selected } from './selected.ts'
import { createVirtualList, type VirtualList } from './virtual-list.ts'

const groupRowPx = 52

export type User = {
  readonly userID: string
  readonly store: GroupStore
  readonly view: View
  readonly groupRows: VirtualList
  /** Looks at a group; where there is room for one thing only, the list stays until the group is entered. */
  select(groupID: string | undefined): void
  enter(groupID: string): void
  /** Back to the list. */
  leave(): void
  show(list: Side): void
  /** Which groups are listed, and in which order. */
  list(listing: Partial<Listing>): void
  setOffline(isOffline: boolean): void
  open(form: OpenForm): void
  closeForm(): void
  /** Does an operation; a refusal is shown, and answered with `undefined`. */
  apply: <N extends OperationName>(
    name: N,
    args: Args<N>
  ) => Promise<{ groupID: string; opID: string } | undefined>
  /** What the rules have against an operation, as far as this page can tell. */
  whyNot: <N extends OperationName>(name: N, args: Args<N>) => GroupError | undefined
  /** Asks the server for a group that the user is not in. */
  lookUp(groupID: string, how: 'searchGroup' | 'readProfile'): Promise<void>
  /** Asks once more for what was refused. */
  retry(opID: string): Promise<void>
  dismissVerdict(opID: string): void
  say(toast: Toast | undefined): void
  /** What the group is or was called, as far as this page knows. */
  nameOf(groupID: string): string
}

type Listing = { readonly search: string; readonly orderBy: 'lastInfoTime' | 'name' }

export type Side = 'groups' | 'inbox'

type Toast =
  | { readonly kind: 'refusal'; readonly error: GroupError }
  | { readonly kind: 'note'; readonly text: string }

/** What the server has said about a group of others; `undefined` while it is asked. */
export type Found = {
  readonly groupID: string
  readonly answer: Awaited<ReturnType<GroupStore['searchGroup']>> | undefined
}

type View = {
  groups: List<Group> | undefined
  notices: List<Notice> | undefined
  /** The notice up to which the inbox has been looked at. */
  readUpTo: number | undefined
  outbox: readonly PendingOperation[]
  /** Operations that the store has not yet accepted or refused. They are not in the outbox. */
  callCount: number
  verdicts: readonly VerdictEntry[]
  status: Status | undefined
  isOffline: boolean
  listing: Listing
  /** The part of the groups that is listed. */
  listed: List<Group> | undefined
  side: Side
  /** Where there is no room for both: whether it is the group that is seen, or the list. */
  isInGroup: boolean
  selected: Selected | undefined
  form: OpenForm | undefined
  found: Found | undefined
  toast: Toast | undefined
}

export function openUser(
  { userID, token, url }: { userID: string; token: string; url: string },
  changed: () => void
): User {
  const remembered = `${userID} is offline`
  const isOffline = localStorage.getItem(remembered) !== null
  const store = createGroupStore({ url, userID, token, paused: isOffline })
  const names = new Map<string, string>()
  let hasChosen = false
  let opener: Element | null = null
  const view: View = {
    groups: undefined,
    notices: undefined,
    readUpTo: undefined,
    outbox: [],
    callCount: 0,
    verdicts: [],
    status: undefined,
    isOffline,
    listing: { search: '', orderBy: 'lastInfoTime' },
    listed: undefined,
    side: 'groups',
    isInGroup: false,
    selected: undefined,
    form: undefined,
    found: undefined,
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
    for (const { groupID, name } of groups.rows) if (!waiting.has(groupID)) names.set(groupID, name)
    change({ groups })
    // To begin with there is something to look at.
    const first = groups.rows[0]
    if (first && !hasChosen && (!groups.stale || view.isOffline)) choose(first.groupID)
  })
  const groupRows = createVirtualList(groupRowPx, changed)
  let listed = store.groupList$(view.listing).subscribe(list => change({ listed: list }))
  function list(part: Partial<Listing>): void {
    listed.unsubscribe()
    view.listing = { ...view.listing, ...part }
    groupRows.scrollToTop()
    listed = store.groupList$(view.listing).subscribe(list => change({ listed: list }))
  }

  store.notices$.subscribe(notices => {
    const newest = notices.rows.at(-1)?.fseq ?? 0
    // What a new device is told of earlier times is no news.
    const isHistory = view.readUpTo === undefined && (view.notices ? !notices.stale : newest > 0)
    change({ notices, ...((isHistory || view.side === 'inbox') && { readUpTo: newest }) })
  })
  store.verdicts$.subscribe(verdicts => change({ verdicts }))
  store.status$.subscribe(status => change({ status }))

  /** Shows a refusal. The page says "sending" from the click on, however busy the worker is. */
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
  // One tab talks to the network for all of them: whichever it is has to stop.
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
    list,
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
      const back = opener
      // Until the next draw, what lies behind the form takes no focus.
      requestAnimationFrame(() => back instanceof HTMLElement && back.focus())
    },
    apply: (name, args) => call(() => store.apply(name, args)),
    whyNot(name, args) {
      const answer = store.can(name, args)
      // Where nothing is named that is missing, it is the rules themselves that are still on their way.
      if (answer.kind === 'unknown' && answer.missing.length === 0) changed()
      return answer.kind === 'no' ? answer.error : undefined
    },
    async lookUp(groupID, how) {
      const asked: Found = { groupID, answer: undefined }
      change({ found: asked })
      const answer = await store[how](groupID)
      // By then somebody may have asked about another.
      if (view.found === asked) change({ found: { groupID, answer } })
    },
    retry: async opID => void (await call(() => store.retry(opID))),
    dismissVerdict: opID => void store.dismissVerdict(opID),
    say: toast => change({ toast }),
    nameOf(groupID) {
      const isIt = (row: { readonly groupID: string }) => row.groupID === groupID
      const creation = view.outbox.find(pending => isIt(pending) && pending.name === 'createGroup')
      const created = creation && String(creation.args['name'])
      // After a reload, a notice may know the name that a queued change replaces.
      const noticed = view.notices?.rows.findLast(isIt)?.groupName || undefined
      return (
        names.get(groupID) ?? noticed ?? created ?? view.groups?.rows.find(isIt)?.name ?? groupID
      )
    }
  }
}
