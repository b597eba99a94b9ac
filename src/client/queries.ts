/** The observables of a store. They show base rows with the pending operations applied. */

import type { Observable } from 'rxjs'
import type { StorageStatus } from './storage-status.ts'
import type {
  Group,
  Member,
  Notice,
  PendingOperation,
  Status,
  Tip,
  VerdictEntry
} from '../engine/api.ts'
import type { Entry } from '../kernel/model.ts'
import type { GroupOrder, List, MemberWindow, Window } from '../engine/stream-api.ts'

/**
 * Rows are frozen, and a row that has not changed stays the same object. Observables of an invalid
 * query end with a `GroupError` 10004. All of them complete when the store is closed.
 */
export type GroupQueries = {
  /**
   * All groups of the user, the last changed first.
   *
   * @example
   * store.groups$.subscribe(({ rows }) => console.log(rows.map(group => group.name)))
   */
  readonly groups$: Observable<List<Group>>
  /**
   * A window on the groups of the user, in the given order. `search` matches names and IDs. `total`
   * is then the number of matches.
   *
   * @example
   * const found$ = store.groupList$({ search: 'crew', orderBy: 'name', limit: 20 })
   * found$.subscribe(({ rows, total }) => console.log(rows.length, 'of', total))
   */
  groupList$(window: Window<GroupOrder>): Observable<List<Group>>
  /**
   * One group. `null` while the user is not in it.
   *
   * @example
   * store.group$('crew').subscribe(group => console.log(group?.name, group?.selfInfo?.role))
   */
  group$(groupID: string): Observable<Group | null>
  /**
   * A window on the members of a group: `limit` rows from index `offset`, or after the member with
   * the ID `after`. The window follows that member, and stays where the member was after it has
   * left. It is empty if this tab has never known the member. `search` matches name cards and user
   * IDs, regardless of case and Unicode form. `role` selects the owner, the admins or the common
   * members. `total` is the number of members or of matches.
   *
   * Members of a group above 2,000 are fetched when they are first observed. `complete` is `false`
   * until all of them have arrived.
   *
   * @example
   * const members$ = store.members$('crew', { offset: 0, limit: 50 })
   * members$.subscribe(({ rows, total }) => console.log(rows.length, 'of', total))
   */
  members$(
    groupID: string,
    window: MemberWindow & { readonly limit: number }
  ): Observable<List<Member>>
  /**
   * One member. `null` while that user is not in the group.
   *
   * @example
   * store.member$('crew', 'bob').subscribe(member => console.log(member?.role))
   */
  member$(groupID: string, userID: string): Observable<Member | null>
  /**
   * The last 100 tips of a group, the oldest first: joins, leaves, removals, new admins and changes
   * of the profile. Tips come from the server, so a pending operation has none. Source: "Group
   * Notification" in Tencent's documentation.
   *
   * @example
   * store.tips$('crew').subscribe(({ rows }) => console.log(rows.map(tip => tip.operationType)))
   */
  tips$(groupID: string): Observable<List<Tip>>
  /**
   * The attributes of a group: texts by key, which all members may set. Empty while the user is not
   * in the group.
   *
   * @example
   * store.groupAttributes$('crew').subscribe(attributes => console.log(new Map(
   *   attributes.map(({ key, value }) => [key, value])
   * )))
   */
  groupAttributes$(groupID: string): Observable<readonly Entry<string>[]>
  /**
   * The counters of a group: numbers by key, which all members may change. Empty while the user is
   * not in the group.
   *
   * @example
   * store.groupCounters$('crew').subscribe(counters => {
   *   console.log(counters.find(({ key }) => key === 'likes')?.value ?? 0, 'likes')
   * })
   */
  groupCounters$(groupID: string): Observable<readonly Entry<number>[]>
  /**
   * The last 100 notices to the user, the oldest first: applications to decide, answers to the
   * user's own ones, invitations, removals and promotions. `application` is the state of an
   * application. Source: "Group System Notification" in Tencent's documentation.
   *
   * @example
   * store.notices$.subscribe(({ rows }) => {
   *   console.log(rows.filter(notice => notice.application === 'pending').length, 'to decide')
   * })
   */
  readonly notices$: Observable<List<Notice>>
  /**
   * Operations without a verdict, in the order of their calls.
   *
   * @example
   * store.outbox$.subscribe(operations => console.log(operations.length, 'pending'))
   */
  readonly outbox$: Observable<readonly PendingOperation[]>
  /**
   * Operations that were refused or only partly done, with the error and, if known, its cause.
   * Entries survive reloads until they are dismissed. The newest 10,000 refusals and 1,000 partial
   * verdicts are kept.
   *
   * @example
   * store.verdicts$.subscribe(entries => {
   *   for (const { name, verdict } of entries)
   *     if (verdict.kind === 'rejected') console.log(name, verdict.error.message, verdict.cause)
   * })
   */
  readonly verdicts$: Observable<readonly VerdictEntry[]>
  /**
   * The connection, the number of pending operations, the last error and the time of the next
   * attempt. `offline` is a state, not an error.
   *
   * @example
   * store.status$.subscribe(({ connection, pending }) => console.log(connection, pending))
   */
  readonly status$: Observable<Status>
  /**
   * Where the rows are kept, whether the browser keeps them for good, how full its storage is, and
   * the rows that it has lost. The store asks the browser to keep them at the first operation.
   *
   * @example
   * store.storage$.subscribe(({ mode, loss }) => {
   *   if (mode === 'memory') console.log('this browser keeps nothing')
   *   if (loss) console.log('the browser has lost data', loss.restored, 'operations restored')
   * })
   */
  readonly storage$: Observable<StorageStatus>
}
