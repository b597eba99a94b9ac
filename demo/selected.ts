/** The selected group: its subscriptions, and the visible part of it. */

import type { Group, GroupStore, List, Member, Tip } from 'offline-groups'
import { openMemberWindow, type MemberWindow } from './member-window.ts'
import { createVirtualList, type VirtualList } from './virtual-list.ts'

const memberRowPx = 36

type Part = 'members' | 'activity' | 'about' | 'you'

export type Selected = {
  readonly groupID: string
  readonly members: MemberWindow
  readonly memberRows: VirtualList
  /** `null`: the user is not in it. `undefined`: not known yet. The same holds below. */
  group: Group | null | undefined
  part: Part
  /** The row selected by the arrow keys. */
  activeRow: number
  tips: List<Tip> | undefined
  /** The member row of the user. */
  self: Member | null | undefined
  /** The member of the open card. */
  card: { readonly userID: string; readonly member: Member | null | undefined } | undefined
  show(part: Part): void
  openCard(userID: string): void
  closeCard(): void
  moveTo(row: number): void
  close(): void
}

type Source<T> = { subscribe(next: (value: T) => void): { unsubscribe(): void } }

type Options = {
  readonly store: GroupStore
  readonly userID: string
  readonly groupID: string
  changed(): void
}

export function openGroup({ store, userID, groupID, changed }: Options): Selected {
  function watch<T>(source: Source<T>, receive: (value: T) => void): () => void {
    const subscription = source.subscribe(value => {
      receive(value)
      changed()
    })
    return () => subscription.unsubscribe()
  }

  const members = openMemberWindow(store, groupID, changed)
  const memberRows = createVirtualList(memberRowPx, inSight => {
    members.show(inSight)
    changed()
  })
  let leavePart = () => {}
  let closeCard = () => {}

  const selected: Selected = {
    groupID,
    members,
    memberRows,
    group: undefined,
    part: 'members',
    activeRow: 0,
    tips: undefined,
    self: undefined,
    card: undefined,
    show(part) {
      leavePart()
      closeCard()
      Object.assign(selected, { card: undefined, tips: undefined, self: undefined })
      selected.part = part
      leavePart = watchPart(part)
      changed()
    },
    openCard(userID) {
      closeCard()
      selected.card = { userID, member: undefined }
      closeCard = watch(
        store.member$(groupID, userID),
        member => (selected.card = { userID, member })
      )
      changed()
    },
    closeCard() {
      closeCard()
      selected.card = undefined
      changed()
    },
    moveTo(row) {
      selected.activeRow = row
      changed()
    },
    close() {
      stopGroup()
      leavePart()
      closeCard()
      members.close()
    }
  }

  /** Subscribes to the rows of a part only while that part is visible. */
  function watchPart(part: Part): () => void {
    if (part === 'activity') return watch(store.tips$(groupID), tips => (selected.tips = tips))
    if (part === 'you') return watch(store.member$(groupID, userID), self => (selected.self = self))
    return () => {}
  }

  const stopGroup = watch(store.group$(groupID), group => (selected.group = group))
  return selected
}
