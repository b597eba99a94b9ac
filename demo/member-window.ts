/** The members of one group, in a window that follows the scrolling. */

import type { GroupStore, List, Member } from 'offline-groups'
import type { Range } from './virtual-list.ts'

/** Windows begin and end at multiples of this, so a little scrolling needs no new window. */
const windowStep = 50
/** The next window is opened when the end of this one is so many rows away. */
const marginRows = 25

export type MemberView = {
  readonly search: string
  readonly orderBy: (typeof memberOrders)[number]
}
export const memberOrders = ['joinTime', 'role', 'nameCard'] as const

export type MemberWindow = {
  readonly view: MemberView
  show(inSight: Range): void
  setView(view: Partial<MemberView>): void
  /** The list with its total. `undefined`: no answer yet. */
  list(): Omit<List<Member>, 'rows'> | undefined
  /** `undefined`: the window does not contain this row yet. */
  row(index: number): Member | undefined
  close(): void
}

type Window = { readonly offset: number; readonly limit: number; list?: List<Member>; stop(): void }

export function openMemberWindow(
  store: GroupStore,
  groupID: string,
  onChange: () => void
): MemberWindow {
  /** The last one is current. The ones before it stay until it has rows. */
  let windows: Window[] = []
  let view: MemberView = { search: '', orderBy: 'joinTime' }

  function open(offset: number, limit: number): void {
    const window: Window = { offset, limit, stop: () => undefined }
    windows.push(window)
    const subscription = store.members$(groupID, { offset, limit, ...view }).subscribe(list => {
      window.list = list
      const index = windows.indexOf(window)
      for (const older of windows.slice(0, index)) older.stop()
      windows = windows.slice(index)
      onChange()
    })
    window.stop = () => subscription.unsubscribe()
  }

  return {
    get view() {
      return view
    },
    setView(changed) {
      view = { ...view, ...changed }
      const newest = windows.at(-1)
      if (newest) open(newest.offset, newest.limit)
      onChange()
    },
    show({ from, to }) {
      const offset = Math.max(0, Math.floor((from - marginRows) / windowStep) * windowStep)
      const limit = Math.ceil((to + marginRows - offset) / windowStep) * windowStep
      const newest = windows.at(-1)
      if (newest?.offset !== offset || newest.limit !== limit) open(offset, limit)
    },
    list: () => windows.find(({ list }) => list)?.list,
    row: index => windows.map(({ offset, list }) => list?.rows[index - offset]).find(row => row),
    close() {
      for (const window of windows) window.stop()
      windows = []
    }
  }
}
