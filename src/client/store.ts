/**
 * Builds the store of an app on a connection to an engine. It runs on the UI thread and never opens
 * storage.
 */

import { Observable } from 'rxjs'
import type { Applied, CallOptions, EngineApi, Status, StorageState } from '../engine/api.ts'
import type { List, StreamQuery } from '../engine/stream-api.ts'
import { describe, describeErrors } from '../kernel/error-texts.ts'
import { errors, groupError, type GroupError } from '../kernel/errors.ts'
import type { EntriesTable, Rows } from '../kernel/model.ts'
import { bound } from './bound.ts'
import type { GroupStore, Undelivered } from './group-store.ts'
import { createLifetime, type Lifetime } from './lifetime.ts'
import { pendingChoice, pendingChoices } from './pending-choice.ts'
import { callOptions } from './operation-id.ts'
import type { GroupQueries } from './queries.ts'
import type { Remote } from './remote.ts'
import { keepLoggedIn } from './renew.ts'
import { createStatus } from './status.ts'
import type { StorageStatus } from './storage-status.ts'
import type { StreamClient } from './streams.ts'
import { windowFields } from './window.ts'

/** Longer than any call of an engine may last. */
const workerWithinMs = 20_000
/** A call waits no longer than this for a stream that is still reading its rows. */
const shownWithinMs = 2000
/** After these errors of a call, its operation may be pending. */
const mayTakeEffect: readonly number[] = [errors.WorkerFailed.code, errors.StillWaiting.code]

export function createStore(
  userID: string,
  { api, failed, end, isDataLost }: Remote & IndexedRows,
  streams: StreamClient,
  getToken?: () => string | Promise<string>
): GroupStore & Undelivered {
  const life = createLifetime(failed)
  const queries = {
    ...createQueries(streams, failed, life),
    storage$: life.completing(storageOf(streams, isDataLost), status => status)
  }
  const { status$ } = queries

  const unbounded = async <T>(work: (api: EngineApi) => Promise<T>): Promise<T | GroupError> =>
    describeErrors(await life.untilOver(work(api)))
  /** Without an answer in time, the worker hangs or has never started. */
  const call = <T>(work: (api: EngineApi) => Promise<T>): Promise<T | GroupError> =>
    bound(unbounded(work), workerWithinMs, () => describe(groupError('WorkerFailed', 'no answer')))

  // Only `can` needs the rules. They load after the first paint.
  let judge: typeof import('./can.ts').can | undefined
  let latest: Status | undefined
  const watch = status$.subscribe(status => {
    if (!latest) void import('./can.ts').then(({ can }) => (judge = can))
    latest = status
    if (status.lastError?.code === errors.NotReady.code) onEngineClosed()
  })
  const renewToken = async (token: string) => void (await call(remote => remote.renewToken(token)))
  if (getToken) watch.add(keepLoggedIn(getToken, { status$, renewToken }))

  let isEngineClosed = false
  let isLoggedOut = false
  /** Calls of `logout` and `close` without an answer. */
  let endings = 0

  function finish(): void {
    if (life.isOver()) return
    watch.unsubscribe()
    life.end()
    end()
  }

  /** By a call of this page, whose answer is on its way, or because another tab has logged out. */
  function onEngineClosed(): void {
    isEngineClosed = true
    if (endings > 0) return
    isLoggedOut = true
    finish()
  }

  async function ending<T>(answering: Promise<T>): Promise<T> {
    endings++
    const answer = await answering
    endings--
    if (isEngineClosed) finish()
    return answer
  }

  const shownUpTo = (version: number) =>
    bound(life.untilOver(streams.reached(version)), shownWithinMs, () => undefined)

  /** Resolves after the observables of this page show the effect. */
  async function shown<A extends Applied>(
    answering: Promise<A | GroupError>
  ): Promise<Omit<A, 'version'> | GroupError> {
    const answer = await answering
    if ('code' in answer) return answer
    // Only the browser's own storage can be kept for good.
    if (isDataLost) void loadStorageStatus().then(({ persist }) => persist(), nothing)
    const { version, ...applied } = answer
    await shownUpTo(version)
    return applied
  }

  /** The page gives the operation its ID, so the caller can ask again if the answer is lost. */
  async function operate<A extends Applied>(
    options: unknown,
    work: (api: EngineApi, options: CallOptions) => Promise<A | GroupError>
  ): Promise<Omit<A, 'version'> | GroupError> {
    const withID = callOptions(options)
    if (!withID) return describe(groupError('IllegalArgument', 'opID'))
    const { opID } = withID
    const answer = await shown(call(remote => work(remote, withID)))
    return 'code' in answer && mayTakeEffect.includes(answer.code) ? { ...answer, opID } : answer
  }

  return {
    ...queries,
    can(name, args) {
      if (life.isOver()) return { kind: 'no', error: describe(groupError('NotReady')) }
      if (!judge) return { kind: 'unknown', missing: [] }
      return describeErrors(
        judge(name, args, { userID, status: latest, shown: streams.shown(), nowMs: Date.now() })
      )
    },
    apply: (name, args, options) =>
      operate(options, (remote, withID) => remote.apply(name, args, withID)),
    async preview(name, args) {
      const answer = await call(remote => remote.preview(name, args))
      return 'code' in answer ? { kind: 'no', error: answer } : answer
    },
    retry: opID => operate({}, (remote, withID) => remote.retry(opID, undefined, withID)),
    revise: (opID, args: Readonly<Record<string, unknown>> | undefined) =>
      operate({}, (remote, withID) => remote.retry(opID, args ?? null, withID)),
    async settled(opID) {
      const answer = await unbounded(remote => remote.settled(opID))
      if ('code' in answer) return answer
      await shownUpTo(answer.version)
      return answer.verdict
    },
    readProfile: groupID => call(remote => remote.readProfile(groupID, false)),
    readMembers: (groupID, request) => call(remote => remote.readMembers(groupID, request)),
    readEntries: groupID => call(remote => remote.readEntries(groupID)),
    searchGroup: groupID => call(remote => remote.readProfile(groupID, true)),
    dismissVerdict: opID => call(remote => remote.dismissVerdict(opID)),
    renewToken,
    pause: async () => void (await call(remote => remote.pause())),
    resume: async () => void (await call(remote => remote.resume())),
    async logout(options) {
      const pending = pendingChoice(options)
      if (pending === null)
        return describe(
          groupError('IllegalArgument', `pending: one of ${pendingChoices.join(', ')}`)
        )
      // A flush has no limit while verdicts keep arriving.
      const work = (remote: EngineApi) => remote.logout(pending)
      const refused = await ending((pending === 'flush' ? unbounded : call)(work))
      isLoggedOut ||= !refused
      if (isLoggedOut) finish()
      return isLoggedOut ? null : refused
    },
    async deleteLocalData() {
      const refused = await call(remote => remote.deleteLocalData())
      finish()
      return refused
    },
    async close() {
      await ending(call(remote => remote.close()))
      finish()
    },
    delivered: async upTo => void (await call(remote => remote.delivered(upTo)))
  }
}

/** `isDataLost`: the browser has dropped the database; `undefined`: rows are not in IndexedDB. */
type IndexedRows = { isDataLost?(): boolean }

const loadStorageStatus = () => import('./storage-status.ts')
const nothing = () => undefined

const storageOf = (streams: StreamClient, isDataLost = () => false): Observable<StorageStatus> =>
  new Observable(subscriber => {
    const state$ = streams.observe<StorageState>({ kind: 'storage' })
    // Expected: the code cannot be loaded. Then the observable stays silent.
    void loadStorageStatus().then(
      ({ watchStorage }) => subscriber.add(watchStorage(state$, isDataLost).subscribe(subscriber)),
      nothing
    )
  })

function createQueries(
  streams: StreamClient,
  failed: Promise<GroupError>,
  life: Lifetime
): Omit<GroupQueries, 'storage$'> & Pick<Undelivered, 'undelivered$' | 'entries$'> {
  const observe = <V>(query: StreamQuery) =>
    life.completing(streams.observe<V>(query), value => value)
  const rowsOf = <R>(query: StreamQuery) =>
    life.completing(streams.observe<List<R>>(query), ({ rows }) => rows)
  const entriesOf = <T extends EntriesTable>(kind: T, groupID: string) =>
    life.completing(
      streams.observe<List<Rows[T]>>({ kind, groupID }),
      ({ rows }): Rows[T]['entries'] => rows[0]?.entries ?? []
    )
  return {
    groups$: observe({ kind: 'groups' }),
    group$: groupID => observe({ kind: 'group', groupID }),
    groupList$: window => observe({ kind: 'groups', ...windowFields(window) }),
    members$: (groupID, window) => observe({ kind: 'members', groupID, ...windowFields(window) }),
    member$: (groupID, userID) => observe({ kind: 'member', groupID, userID }),
    tips$: groupID => observe({ kind: 'tips', groupID }),
    groupAttributes$: groupID => entriesOf('attributes', groupID),
    groupCounters$: groupID => entriesOf('counters', groupID),
    entries$: kind => rowsOf({ kind }),
    notices$: observe({ kind: 'notices' }),
    outbox$: rowsOf({ kind: 'outbox' }),
    verdicts$: rowsOf({ kind: 'verdicts' }),
    undelivered$: rowsOf({ kind: 'undelivered' }),
    status$: createStatus(streams.observe<Status>({ kind: 'status' }), failed, life)
  }
}
