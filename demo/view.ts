/** The state of one user's half of the page. */

import type {
  Group,
  GroupError,
  GroupStore,
  List,
  Notice,
  PendingOperation,
  Status,
  VerdictEntry
} from 'offline-groups'
import type { OpenForm } from './form.ts'
import type { Selected } from './selected.ts'

export type Listing = { readonly search: string; readonly orderBy: 'lastInfoTime' | 'name' }

export type Side = 'groups' | 'inbox'

export type Toast =
  | { readonly kind: 'refusal'; readonly error: GroupError }
  | { readonly kind: 'note'; readonly text: string }

/** A group that the user is not in. `answer` is `undefined` while the server is asked. */
export type SearchedGroup = {
  readonly groupID: string
  readonly answer: Awaited<ReturnType<GroupStore['searchGroup']>> | undefined
}

export type View = {
  groups: List<Group> | undefined
  notices: List<Notice> | undefined
  /** The last notice that was read. */
  readUpTo: number | undefined
  outbox: readonly PendingOperation[]
  /** Calls that the store has not answered. Their operations are not in the outbox yet. */
  callCount: number
  verdicts: readonly VerdictEntry[]
  status: Status | undefined
  isOffline: boolean
  listing: Listing
  /** The groups that match `listing`, in its order. */
  listed: List<Group> | undefined
  side: Side
  /** Whether a narrow page shows the group instead of the list. */
  isInGroup: boolean
  selected: Selected | undefined
  form: OpenForm | undefined
  searched: SearchedGroup | undefined
  toast: Toast | undefined
}

export const initialView = (isOffline: boolean): View => ({
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
  searched: undefined,
  toast: undefined
})
