/** The calls of a store, which change groups or ask about them. */

import type {
  Applied,
  ApplyOptions,
  GroupEntries,
  MemberPage,
  MemberRequest,
  Preview
} from '../engine/api.ts'
import type { Args, OperationName } from '../kernel/decide.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { Verdict } from '../kernel/verdict.ts'
import type { Answer } from './can.ts'

/**
 * Calls never reject: they resolve with a `GroupError`, which `isGroupError` recognizes. Each call
 * but `settled` and `logout` with `flush` settles within 20 s. Any call may resolve with 2999 after
 * the store was closed, 4502 if storage refuses, and 4510 if the worker has ended or hangs.
 */
export type GroupCommands = {
  /**
   * Checks an operation, shows its effect, and resolves when the operation is durable on this
   * device. `settled` and `verdicts$` report the verdict of the server. `result` is the result of
   * Tencent's API without rows. `undefined`: only the server can decide.
   *
   * Errors: the codes of Tencent's API, for example 10004 for an argument, 10007 for a missing
   * permission and 2805 for an operation that needs a network. 4501: the outbox is full. 4512:
   * storage has not answered yet, and the operation is pending. 4510: the worker ended during the
   * call, and the operation may be pending. Both errors carry `opID`. Apply the operation again
   * with this ID: it takes effect once, and you get the answer of the first call. The verdict of an
   * operation is known for 30 days.
   *
   * @example
   * const answer = await store.apply('createGroup', { name: 'Boat', type: 'Public' })
   * if (isGroupError(answer)) console.log(answer.code, answer.message)
   * else console.log('created', answer.groupID, 'as operation', answer.opID)
   * // If the worker died during a call, ask again.
   * const args = { groupID: 'crew', name: 'Boat' }
   * const first = await store.apply('updateGroupProfile', args)
   * if (isGroupError(first) && first.opID)
   *   await store.apply('updateGroupProfile', args, { opID: first.opID })
   */
  apply<N extends OperationName>(
    name: N,
    args: Args<N>,
    options?: ApplyOptions
  ): Promise<Omit<Applied<N>, 'version'> | GroupError>
  /**
   * Whether an operation would be accepted, decided at once on the rows that this page observes:
   * `yes`, `no` with the error, or `unknown` with the rows that are missing. The answer is
   * `unknown` until the status has arrived. The server decides by the same rules on all rows.
   *
   * @example
   * const answer = store.can('dismissGroup', { groupID: 'crew' })
   * if (answer.kind === 'no') console.log(answer.error.message)
   */
  can<N extends OperationName>(name: N, args: Args<N>): Answer
  /**
   * As `can`, decided on all rows of this device: `yes` with the predicted result, `no` with the
   * error of `apply`, or `unknown` if only the server can decide.
   *
   * @example
   * const args = { groupID: 'crew', userIDList: ['carl'] }
   * const preview = await store.preview('addGroupMember', args)
   * if (preview.kind === 'no') console.log(preview.error.message)
   */
  preview<N extends OperationName>(name: N, args: Args<N>): Promise<Preview<N>>
  /**
   * Applies a refused operation once more, as a new operation, and dismisses its verdict in the
   * same transaction. Resolves as `apply` does. If the new operation is refused at once, the
   * verdict stays. Error 4503: there is no such verdict, or another call or tab was first. So a
   * second call after 4510 retries nothing twice. The `opID` of that error is the new operation.
   *
   * @example
   * const retried = await store.retry(opID)
   * if (isGroupError(retried)) console.log(retried.message)
   */
  retry(opID: string): Promise<Omit<Applied, 'version'> | GroupError>
  /**
   * As `retry`, with other arguments.
   *
   * @example
   * await store.revise(opID, { groupID: 'crew', name: 'A better name' })
   */
  revise(
    opID: string,
    args: Readonly<Record<string, unknown>>
  ): Promise<Omit<Applied, 'version'> | GroupError>
  /**
   * Resolves with the verdict on an operation when it arrives. Error 4503: the operation is
   * unknown, or its verdict is no longer kept. A device keeps the last 1,000 verdicts on applied
   * operations, and those of `verdicts$` until they are dismissed.
   *
   * @example
   * const edited = await store.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
   * if (isGroupError(edited)) throw new Error(edited.message)
   * const verdict = await store.settled(edited.opID)
   * if (!isGroupError(verdict)) console.log(verdict.kind) // applied
   */
  settled(opID: string): Promise<Verdict | GroupError>
  /**
   * Reads the profile of any group from the server. Errors: 10010 if there is no such group, 10007
   * for a Private group that the user is not in, 2805 without a network.
   *
   * @example
   * const profile = await store.readProfile('crew')
   * console.log(isGroupError(profile) ? profile.message : profile.name)
   */
  readProfile(groupID: string): Promise<GroupRow | GroupError>
  /**
   * Reads members of a group from the server, the owner first, then the admins. The user is in the
   * group, or is an app admin. Of an AVChatRoom the server lists the first 300 members. A page may
   * have fewer members than `limit`: `next` is the `offset` of the next one, or `null` after the last.
   * Errors: 10007 for a group that the user is not in, 10010 if there is no such group, 10004, 2805
   * without a network, 10003 if the server is older than this call.
   *
   * @example
   * const page = await store.readMembers('crew', { limit: 30, role: 'Admin' })
   * if (!isGroupError(page)) console.log(page.members.map(({ userID }) => userID), page.next)
   */
  readMembers(groupID: string, request?: MemberRequest): Promise<MemberPage | GroupError>
  /**
   * Reads the attributes and counters of a group from the server. The user is in the group, or is an
   * app admin. Errors: those of `readMembers`.
   *
   * @example
   * const read = await store.readEntries('crew')
   * if (!isGroupError(read)) console.log(read.attributes.entries, read.counters.entries)
   */
  readEntries(groupID: string): Promise<GroupEntries | GroupError>
  /**
   * Searches the server for a group by its ID. Errors: 10010 if there is no such group, 10007 for a
   * Private group, 2805 without a network.
   *
   * @example
   * const found = await store.searchGroup('crew')
   * console.log(isGroupError(found) ? found.message : found.name)
   */
  searchGroup(groupID: string): Promise<GroupRow | GroupError>
  /**
   * Removes an entry from `verdicts$`. Error 4503: there is none.
   *
   * @example
   * await store.dismissVerdict(opID)
   */
  dismissVerdict(opID: string): Promise<GroupError | null>
  /**
   * Replaces the userSig of the user. While the server refuses the last one (`lastError` of
   * `status$` is 70001 or above), operations stay pending.
   *
   * @example
   * await store.renewToken(token)
   */
  renewToken(token: string): Promise<void>
  /**
   * Closes the connection until `resume`. Operations stay pending.
   *
   * @example
   * await store.pause()
   */
  pause(): Promise<void>
  /**
   * Ends a pause: connects to the server.
   *
   * @example
   * await store.resume()
   */
  resume(): Promise<void>
  /**
   * Closes the stores of the user in all tabs, and removes the database from this device. If
   * operations are pending, the call does nothing and resolves with 4504, unless you choose to
   * `flush` the operations first (2805 without a network), or to `discard` them. `keep` closes only
   * this store, and keeps everything for the next login.
   *
   * A call that resolves with an error was refused: the store stays open, and removes nothing. An
   * operation that another tab accepts meanwhile is pending and counts, or its call resolves with
   * 2999.
   *
   * @example
   * const refused = await store.logout()
   * if (refused) await store.logout({ pending: 'keep' })
   */
  logout(options?: { readonly pending?: 'keep' | 'flush' | 'discard' }): Promise<GroupError | null>
  /**
   * Closes the store and removes its database, pending operations included: for a database that can
   * no longer be read. Other tabs of the user close their stores as well. An error says that the
   * browser has refused. Then only its settings can remove the data.
   *
   * @example
   * store.storage$.subscribe(async ({ error }) => {
   *   if (error?.code === 4502) await store.deleteLocalData()
   * })
   */
  deleteLocalData(): Promise<GroupError | null>
  /**
   * Closes the store on this page and completes its observables. The database stays.
   *
   * @example
   * await store.close()
   */
  close(): Promise<void>
}
