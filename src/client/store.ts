/** `GroupStore`: what an app on the UI thread holds. Observables show, commands ask; neither touches storage. */

import { map, Observable, type Subscriber } from 'rxjs'
import type {
  Applied,
  UndeliveredEvent,
  EngineApi,
  Group,
  GroupOrder,
  List,
  Member,
  MemberOrder,
  Notice,
  PendingOperation,
  Preview,
  StreamQuery,
  Status,
  Tip,
  VerdictEntry,
  Window
} from '../engine/api.ts'
import type { Args, OperationName } from '../kernel/decide.ts'
import { describe, describeErrors } from '../kernel/error-texts.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { Verdict } from '../kernel/verdict.ts'
import { defaultPolicy } from '../kernel/limits.ts'
import { bound } from './bound.ts'
import type { Answer } from './can.ts'
import type { Remote } from './remote.ts'
import { keepLoggedIn } from './renew.ts'
import type { StreamClient } from './streams.ts'
import { until } from './until.ts'

export type GroupStore = {
  /**
   * The groups the user is in, the last changed first; pending operations are already in it.
   *
   * @example
   * store.groups$.subscribe(({ rows }) => console.log(rows.map(group => group.name)))
   */
  readonly groups$: Observable<List<Group>>
  /**
   * A part of the groups the user is in, searched by name or ID, in the order asked for; `total` counts what was found.
   *
   * @example
   * store.groupList$({ search: 'crew', orderBy: 'name', limit: 20 }).subscribe(({ rows }) => console.log(rows.length))
   */
  groupList$(window: Window<GroupOrder>): Observable<List<Group>>
  /**
   * One group, or `null` while the user is not in it.
   *
   * @example
   * store.group$('crew').subscribe(group => console.log(group?.name, group?.selfInfo?.role))
   */
  group$(groupID: string): Observable<Group | null>
  /**
   * A window on the members of a group, in the order in which they joined or another: `limit` rows from position `offset`
   * on, or those that follow the member `after`, wherever that one stands by then, and where it stood when it has left;
   * nothing follows a member that this tab has never known. And how many there are, or with `search`, were found by name
   * card or user ID, whatever the case and the Unicode form. Of a large group, members come when they are first looked at; until all
   * are here, `complete` is false.
   *
   * @example
   * store.members$('crew', { offset: 0, limit: 50 }).subscribe(({ rows, total }) => console.log(rows.length, 'of', total))
   */
  members$(
    groupID: string,
    window: Window<MemberOrder> & { readonly limit: number }
  ): Observable<List<Member>>
  /**
   * One member, or `null` for who is not in the group.
   *
   * @example
   * store.member$('crew', 'bob').subscribe(member => console.log(member?.role))
   */
  member$(groupID: string, userID: string): Observable<Member | null>
  /**
   * The last lines about what has happened in a group, at most 100, in order: who joined, left or was removed, who became
   * an admin, what changed of the profile. They come from the server only. Seed: "Group Notification".
   *
   * @example
   * store.tips$('crew').subscribe(({ rows }) => console.log(rows.map(tip => tip.operationType)))
   */
  tips$(groupID: string): Observable<List<Tip>>
  /**
   * The last notices to the user, at most 100, in order: applications to decide about, answers to one's own, being
   * invited, removed, promoted. Of an application, `application` tells what has become of it. Seed: "Group System
   * Notification".
   *
   * @example
   * store.notices$.subscribe(({ rows }) => console.log(rows.filter(notice => notice.application === 'pending').length, 'to decide'))
   */
  readonly notices$: Observable<List<Notice>>
  /**
   * The operations that wait for their verdict, in the order in which they were asked for.
   *
   * @example
   * store.outbox$.subscribe(operations => console.log(operations.length, 'waiting'))
   */
  readonly outbox$: Observable<readonly PendingOperation[]>
  /**
   * What was refused, or only partly done: with the operation, the code, and where it is known who made it impossible.
   * They stay, across reloads, until dismissed: the newest 10,000 refusals, and 1,000 of what was partly done.
   *
   * @example
   * store.verdicts$.subscribe(entries => {
   *   for (const { name, verdict } of entries) if (verdict.kind === 'rejected') console.log(name, verdict.error.message, verdict.cause)
   * })
   */
  readonly verdicts$: Observable<readonly VerdictEntry[]>
  /**
   * The connection, how much waits, the last error, and when the next attempt is made. Being offline is not an error.
   *
   * @example
   * store.status$.subscribe(({ connection, pending }) => console.log(connection, pending))
   */
  readonly status$: Observable<Status>
  /**
   * Does an operation: checks it, shows its effect, and resolves when it is durable on this device. What the server makes
   * of it is told by `settled` and `verdicts$`. `result` has the shape of the operation's result in Tencent's API, rows
   * left out; it is undefined where only the server can decide.
   *
   * Resolves with a `GroupError` when the operation cannot be: the codes of `tim-groups.md` §5 (for instance 10004 for
   * an argument, 10007 for a missing permission, 2805 for what needs a network), 4501 when the queue is full, 4502 when
   * storage refuses, 4512 when the operation waits for storage that does not answer. With 4510 the worker has ended
   * meanwhile, or hangs: whether the operation was taken, `outbox$` tells. Every call settles within 20 s.
   *
   * @example
   * const answer = await store.apply('createGroup', { name: 'Crew', type: 'Public', groupID: 'crew' })
   * if (isGroupError(answer)) console.log(answer.code, answer.message)
   * else console.log('created', answer.groupID, 'as operation', answer.opID)
   */
  apply<N extends OperationName>(
    name: N,
    args: Args<N>
  ): Promise<Omit<Applied<N>, 'version'> | GroupError>
  /**
   * Whether an operation would be accepted, judged at once by the rows that are shown just now: `yes`, `no` with the
   * error, or `unknown` with the rows it would take (a group or member that no observable shows; nothing is known in the
   * first moment of a store). The server decides by the same rules, and may know more.
   *
   * @example
   * const answer = store.can('dismissGroup', { groupID: 'crew' })
   * if (answer.kind === 'no') console.log(answer.error.message)
   */
  can<N extends OperationName>(name: N, args: Args<N>): Answer
  /**
   * What would become of an operation, without doing it: `yes` with the result it would have, `no` with the error that
   * `apply` would answer, or `unknown` where only the server can tell.
   *
   * @example
   * const preview = await store.preview('addGroupMember', { groupID: 'crew', userIDList: ['carl'] })
   * if (preview.kind === 'no') console.log(preview.error.message)
   */
  preview<N extends OperationName>(name: N, args: Args<N>): Promise<Preview<N>>
  /**
   * Asks for a refused operation again, as a new operation, and takes the old entry off `verdicts$`. Answers as `apply`
   * does; when it is refused on the spot, the entry stays. Error 4503 if there is no such entry, also because another call
   * or tab was first: both happen in one transaction, so nothing is done twice.
   *
   * @example
   * const again = await store.retry(opID)
   * if (isGroupError(again)) console.log(again.message)
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
   * Resolves with the verdict on an operation, whenever it comes; with error 4503 if none of this ID is known.
   *
   * @example
   * const { opID } = await store.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
   * console.log((await store.settled(opID)).kind) // applied
   */
  settled(opID: string): Promise<Verdict | GroupError>
  /**
   * Asks the server for the profile of a group that the user need not be in. Resolves with error 10010 for a group that
   * does not exist, 10007 for a Private group of others, 2805 without a network.
   *
   * @example
   * const profile = await store.readProfile('crew')
   * console.log(isGroupError(profile) ? profile.message : profile.name)
   */
  readProfile(groupID: string): Promise<GroupRow | GroupError>
  /**
   * Asks the server for a group by its ID, as somebody who looks for one to join. Resolves with error 10010 for a group
   * that does not exist, 10007 for a Private group: those cannot be searched for; 2805 without a network.
   *
   * @example
   * const found = await store.searchGroup('crew')
   * console.log(isGroupError(found) ? found.message : found.name)
   */
  searchGroup(groupID: string): Promise<GroupRow | GroupError>
  /**
   * Takes an entry off `verdicts$`. Resolves with error 4503 if there is none.
   *
   * @example
   * await store.dismissVerdict(opID)
   */
  dismissVerdict(opID: string): Promise<GroupError | null>
  /**
   * Another userSig of the same user. While the server refuses the last one (`lastError` 70001 and above in `status$`),
   * nothing is sent; operations wait.
   *
   * @example
   * await store.renewToken(token)
   */
  renewToken(token: string): Promise<void>
  /**
   * Stops talking to the network; operations wait until `resume`.
   *
   * @example
   * await store.pause()
   */
  pause(): Promise<void>
  /**
   * Talks to the network again.
   *
   * @example
   * await store.resume()
   */
  resume(): Promise<void>
  /**
   * Ends the store and removes what this device keeps for the user. When operations still wait, it answers error 4504
   * and does nothing, unless told to `keep` everything for the next login, to `flush` them first (error 2805 without a
   * network), or to `discard` them.
   *
   * @example
   * const refused = await store.logout()
   * if (refused) await store.logout({ pending: 'keep' })
   */
  logout(options?: { readonly pending?: 'keep' | 'flush' | 'discard' }): Promise<GroupError | null>
  /**
   * Ends the store on this page, and its observables. Everything stays on the device.
   *
   * @example
   * await store.close()
   */
  close(): Promise<void>
}

/** What the TIM face needs beside the store: tips and notices, each once. */
export type Undelivered = {
  /** What has not been handed on yet, in order. */
  readonly undelivered$: Observable<readonly UndeliveredEvent[]>
  delivered(upTo: number): Promise<void>
}

export function createStore(
  userID: string,
  { api, failed, end }: Remote,
  streams: StreamClient,
  getToken?: () => string | Promise<string>
): GroupStore & Undelivered {
  /** Observables end with the store. */
  const ends = new Set<() => void>()
  let isOver = false
  function atEnd(subscriber: Subscriber<never>, end: () => void): void {
    if (isOver) return end()
    ends.add(end)
    subscriber.add(() => void ends.delete(end))
  }
  const observe = <V>(query: StreamQuery) =>
    new Observable<V>(subscriber => {
      streams.observe<V>(query).subscribe(subscriber)
      atEnd(subscriber, () => subscriber.complete())
    })
  const rowsOf = <R>(query: StreamQuery) => observe<List<R>>(query).pipe(map(({ rows }) => rows))
  let over: () => void = () => undefined
  const ended = new Promise<GroupError>(resolve => (over = () => resolve(groupError('NotReady'))))
  const untilOver = until(Promise.race([failed, ended]))
  /** A store that cannot be opened, or is closed, answers every call with the reason. */
  const unbounded = async <T>(work: (api: EngineApi) => Promise<T>): Promise<T | GroupError> =>
    describeErrors(await untilOver(work(api)))
  /** An engine answers in time. Where none does, its worker hangs, or never started. */
  const call = <T>(work: (api: EngineApi) => Promise<T>): Promise<T | GroupError> =>
    bound(unbounded(work), workerWithinMs, () => describe(groupError('WorkerFailed', 'no answer')))

  const status$ = new Observable<Status>(subscriber => {
    void failed.then(lastError => subscriber.next(describeErrors({ ...unopened, lastError })))
    streams.observe<Status>({ kind: 'status' }).subscribe(subscriber)
    atEnd(subscriber, () => {
      const { lastError, ...rest } = latest ?? unopened
      const offline = { connection: 'offline', caughtUp: false, nextRetryAt: null } as const
      const error = lastError ?? groupError('NotReady')
      subscriber.next(describeErrors({ ...rest, ...offline, lastError: error }))
      subscriber.complete()
    })
  })
  // The rules are needed for `can` alone, and a page can be shown without them: they follow.
  let judge: typeof import('./can.ts').can | undefined
  let latest: Status | undefined
  const watch = status$.subscribe(status => {
    if (!latest) void import('./can.ts').then(({ can }) => (judge = can))
    latest = status
  })
  const renewToken = async (token: string) => void (await call(remote => remote.renewToken(token)))
  if (getToken) watch.add(keepLoggedIn(getToken, { status$, renewToken }))
  function finish(): void {
    watch.unsubscribe()
    isOver = true
    over()
    for (const each of [...ends]) each()
    end()
  }

  /** Streams that wait for storage hold nobody up. */
  const shownUpTo = (version: number) =>
    bound(untilOver(streams.reached(version)), shownWithinMs, () => undefined)

  /** Who has asked for a change sees it before learning that it is done. */
  async function shown<A extends Applied>(
    answering: Promise<A | GroupError>
  ): Promise<Omit<A, 'version'> | GroupError> {
    const answer = await answering
    if ('code' in answer) return answer
    const { version, ...applied } = answer
    await shownUpTo(version)
    return applied
  }

  return {
    groups$: observe({ kind: 'groups' }),
    group$: groupID => observe({ kind: 'group', groupID }),
    groupList$: window => observe({ kind: 'groups', ...partOf(window) }),
    members$: (groupID, window) => observe({ kind: 'members', groupID, ...partOf(window) }),
    member$: (groupID, user) => observe({ kind: 'member', groupID, userID: user }),
    tips$: groupID => observe({ kind: 'tips', groupID }),
    notices$: observe({ kind: 'notices' }),
    outbox$: rowsOf({ kind: 'outbox' }),
    verdicts$: rowsOf({ kind: 'verdicts' }),
    status$,
    can(name, args) {
      if (!judge) return { kind: 'unknown', missing: [] }
      return describeErrors(
        judge(name, args, { userID, status: latest, shown: streams.shown(), nowMs: Date.now() })
      )
    },
    apply: (name, args) => shown(call(remote => remote.apply(name, args))),
    async preview(name, args) {
      const answer = await call(remote => remote.preview(name, args))
      return 'code' in answer ? { kind: 'no', error: answer } : answer
    },
    retry: opID => shown(call(remote => remote.retry(opID))),
    revise: (opID, args: Readonly<Record<string, unknown>> | undefined) =>
      shown(call(remote => remote.retry(opID, args ?? null))),
    async settled(opID) {
      const answer = await unbounded(remote => remote.settled(opID))
      if ('code' in answer) return answer
      await shownUpTo(answer.version)
      return answer.verdict
    },
    readProfile: groupID => call(remote => remote.readProfile(groupID, false)),
    searchGroup: groupID => call(remote => remote.readProfile(groupID, true)),
    dismissVerdict: opID => call(remote => remote.dismissVerdict(opID)),
    renewToken,
    pause: async () => void (await call(remote => remote.pause())),
    resume: async () => void (await call(remote => remote.resume())),
    async logout(options) {
      const pending = choiceOf(options)
      if (pending === null)
        return describe(groupError('IllegalArgument', `pending: one of ${choices.join(', ')}`))
      // Flushing takes as long as verdicts keep coming.
      const refused = await (pending === 'flush' ? unbounded : call)(remote =>
        remote.logout(pending)
      )
      if (!refused) finish()
      return refused
    },
    async close() {
      await call(remote => remote.close())
      finish()
    },
    undelivered$: rowsOf({ kind: 'undelivered' }),
    delivered: async upTo => void (await call(remote => remote.delivered(upTo)))
  }
}

const choices = ['keep', 'flush', 'discard'] as const

/** What to do with operations that wait; `null`: nothing that is known. A slip must not remove anything. */
function choiceOf(options: unknown): (typeof choices)[number] | undefined | null {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null) return null
  try {
    const pending: unknown = 'pending' in options ? options.pending : undefined
    return pending === undefined ? undefined : (choices.find(each => each === pending) ?? null)
  } catch {
    // Expected: a getter that throws.
    return null
  }
}

/** Longer than an engine takes, whatever does not answer it. */
const workerWithinMs = 20_000
const shownWithinMs = 2000

/** What a window says, always in the same order: the same window is the same query. */
const windowFields = ['offset', 'after', 'limit', 'orderBy', 'search'] as const
function partOf<Order extends string>(window: Window<Order>): Window<Order> {
  try {
    if (typeof window !== 'object') return noWindow
    return Object.fromEntries(
      windowFields.flatMap(name => (window[name] === undefined ? [] : [[name, window[name]]]))
    )
  } catch {
    // Expected: there is no window, or one of its fields is a getter that throws.
    return noWindow
  }
}
/** The engine refuses it with 10004. */
const noWindow = { limit: NaN }

const unopened: Status = {
  connection: 'offline',
  caughtUp: false,
  pending: 0,
  oldestPendingAtMs: undefined,
  lastError: null,
  nextRetryAtMs: null,
  isAppAdmin: false,
  policy: defaultPolicy,
  clockOffsetMs: 0
}
