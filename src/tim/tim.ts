/**
 * Tencent IM's group API on an offline-first store. The same calls, arguments, results, codes and events; what is
 * different is said in the README beside this file.
 */

import { firstValueFrom, filter, type Subscription } from 'rxjs'
import { createGroupStore, type GroupStoreOptions } from '../create-group-store.ts'
import type { GroupStore } from '../client/store.ts'
import { isGroupError, type Applied, type Status } from '../engine/api.ts'
import type { Args, OperationName, Result } from '../kernel/decide.ts'
import { errors, groupError, type GroupError } from '../kernel/errors.ts'
import { EVENT, TYPES, type TimEventName } from './constants.ts'
import { createEvents, type TimHandler } from './events.ts'
import { IMError, respond, type IMResponse } from './im-error.ts'
import { createLive, type Live } from './live.ts'
import { timGroup, type TimGroup, type TimGroupMember } from './shapes.ts'

export type { TimGroup, TimGroupMember } from './shapes.ts'
export type { TimEventName } from './constants.ts'
export type { TimHandler } from './events.ts'
export { IMError, type IMResponse } from './im-error.ts'

export type TimOptions = {
  readonly SDKAppID: number
  /** The sync server. */
  readonly url: string
  readonly worker?: GroupStoreOptions['worker']
}

type JoinStatus = Result<'joinGroup'>['status']

export type Tim = {
  /**
   * Opens the store of a user. Resolves when the local database is open; a user whom this device does not know yet also
   * waits for the server. `SDK_READY` follows.
   *
   * @example
   * await tim.login({ userID: 'ann', userSig })
   */
  login(options: { userID: string; userSig: string }): Promise<IMResponse<Record<string, unknown>>>
  /**
   * Ends the store. What waits for the network is kept and sent after the next login.
   *
   * @example
   * await tim.logout()
   */
  logout(): Promise<IMResponse<Record<string, never>>>
  /**
   * Logs out and forgets the instance.
   *
   * @example
   * await tim.destroy()
   */
  destroy(): Promise<void>
  /**
   * Calls `handler` at each event of that name, with `context` as `this`.
   *
   * @example
   * tim.on(TIM.EVENT.GROUP_LIST_UPDATED, event => console.log(event.data))
   */
  on(name: TimEventName, handler: TimHandler, context?: unknown): void
  once(name: TimEventName, handler: TimHandler, context?: unknown): void
  off(name: TimEventName, handler: TimHandler, context?: unknown): void
  /** Accepted for compatibility; this library does not log. */
  setLogLevel(level: number): void

  /** Seed: "Obtaining your group list". Every profile field is there, whether asked for or not. */
  getGroupList(options?: { groupProfileFilter?: readonly string[] }): Promise<IMResponse<{ groupList: TimGroup[] }>>
  /** Seed: "Obtaining the detailed group profile". Of a group that the user is not in, the server is asked. */
  getGroupProfile(options: {
    groupID: string
    groupCustomFieldFilter?: readonly string[]
  }): Promise<IMResponse<{ group: TimGroup }>>
  /** Seed: "Creating a group". */
  createGroup(options: Args<'createGroup'>): Promise<IMResponse<{ group: TimGroup }>>
  /** Seed: "Deleting a group". */
  dismissGroup(groupID: string): Promise<IMResponse<{ groupID: string }>>
  /** Seed: "Updating a group profile". */
  updateGroupProfile(options: Args<'updateGroupProfile'>): Promise<IMResponse<{ group: TimGroup }>>
  /** Seed: "Applying to join a group". */
  joinGroup(options: Args<'joinGroup'>): Promise<IMResponse<{ status: JoinStatus; group?: TimGroup }>>
  /** Seed: "Quitting a group". */
  quitGroup(groupID: string): Promise<IMResponse<{ groupID: string }>>
  /** Seed: "Obtaining group members": 15 from the first on unless said otherwise, at most 100. */
  getGroupMemberList(options: {
    groupID: string
    count?: number
    offset?: number
  }): Promise<IMResponse<{ memberList: TimGroupMember[] }>>
  /** Seed: "Adding a group member". */
  addGroupMember(options: Args<'addGroupMember'>): Promise<
    IMResponse<{
      successUserIDList: readonly string[]
      failureUserIDList: readonly string[]
      existedUserIDList: readonly string[]
      group?: TimGroup
    }>
  >
  /** Seed: "Deleting a group member". */
  deleteGroupMember(options: Args<'deleteGroupMember'>): Promise<IMResponse<{ group: TimGroup; userIDList: readonly string[] }>>
  /** Seed: "Setting or canceling the admin". */
  setGroupMemberRole(options: Args<'setGroupMemberRole'>): Promise<IMResponse<{ group: TimGroup; member: TimGroupMember }>>
}

const membersPerCallMax = 100
const membersPerCall = 15

const instances = new Map<number, Tim>()

/**
 * The instance for an app, always the same for one `SDKAppID`.
 *
 * @example
 * const tim = TIM.create({ SDKAppID: 1400000000, url })
 */
function create(options: TimOptions): Tim {
  const known = instances.get(options.SDKAppID)
  if (known) return known
  const tim = createTim(options, () => instances.delete(options.SDKAppID))
  instances.set(options.SDKAppID, tim)
  return tim
}

const TIM = { create, TYPES, EVENT }
export default TIM

type Session = {
  readonly userID: string
  readonly store: GroupStore
  readonly live: Live
  readonly watches: readonly Subscription[]
}

function createTim({ SDKAppID, url, worker }: TimOptions, forget: () => void): Tim {
  const events = createEvents(reportError)
  let session: Session | undefined
  let loggingIn: Promise<unknown> | undefined

  // ── being logged in ───────────────────────────────────────────────────────

  async function login({ userID, userSig }: { userID: string; userSig: string }) {
    if (!userID) throw fail(groupError('NoUserID'))
    if (!userSig) throw fail(groupError('NoUserSig'))
    if (loggingIn) throw fail(groupError('LoginRunning'))
    if (session?.userID === userID)
      return respond({ ...loggedIn, errorInfo: `${userID} is logged in already`, repeatLogin: true })
    if (session) throw fail(groupError('LoggedInAsOther', session.userID))
    const store = createGroupStore({ url, userID, token: userSig, ...(worker !== undefined && { worker }) })
    loggingIn = admitted(store)
    const refused = await admitted(store)
    loggingIn = undefined
    if (refused) {
      await store.close()
      throw fail(refused)
    }
    open(store, userID)
    return respond({ ...loggedIn, errorInfo: '' })
  }

  function open(store: GroupStore, userID: string): void {
    // Login resolves first; then the app hears of its groups, and that it may begin.
    void Promise.resolve().then(() => {
      const live = createLive(store, userID, list => events.emit(EVENT.GROUP_LIST_UPDATED, list))
      let state: string | undefined
      const watches = [
        store.status$.subscribe(({ connection, lastError }) => {
          const next = netStates[connection]
          if (state !== undefined && state !== next) events.emit(EVENT.NET_STATE_CHANGE, { state: next })
          state = next
          if (lastError?.reason === 'TokenExpired') expire()
        }),
        store.verdicts$.subscribe(entries => {
          for (const { opID, name, verdict } of entries) {
            if (verdict.kind !== 'rejected' || !events.has(EVENT.ERROR)) continue
            events.emit(
              EVENT.ERROR,
              new IMError(verdict.error, { groupID: verdict.groupID, operation: name, cause: verdict.cause ?? null })
            )
            void store.dismissVerdict(opID)
          }
        })
      ]
      session = { userID, store, live, watches }
      events.emit(EVENT.SDK_READY, undefined)
    })
  }

  function expire(): void {
    events.emit(EVENT.KICKED_OUT, { type: TYPES.KICKED_OUT_USERSIG_EXPIRED })
    void logout()
  }

  async function logout(): Promise<IMResponse<Record<string, never>>> {
    const ended = session
    session = undefined
    if (ended) {
      events.emit(EVENT.SDK_NOT_READY, undefined)
      ended.live.end()
      for (const watch of ended.watches) watch.unsubscribe()
      await ended.store.logout({ pending: 'keep' })
    }
    return respond({})
  }

  /** The session, or the refusal that every call gets without one. */
  function ready(api: string): Session {
    if (session) return session
    const error = fail(groupError('NotReady', api))
    events.emit(EVENT.ERROR, error)
    throw error
  }

  // ── operations ────────────────────────────────────────────────────────────

  /** Applies; where this device cannot decide, the server's verdict is the answer. */
  async function perform<N extends OperationName>(
    name: N,
    args: Args<N>
  ): Promise<{ session: Session; groupID: string; result: Result<N> }> {
    const current = ready(name)
    const answer = await current.store.apply(name, args)
    if (isGroupError(answer)) throw fail(answer, name, args)
    const { groupID, opID, result } = answer as Applied<N>
    if (result !== undefined) return { session: current, groupID, result }
    const verdict = await current.store.settled(opID)
    if (isGroupError(verdict)) throw fail(verdict, name, args)
    if (verdict.kind === 'rejected') {
      await current.store.dismissVerdict(opID)
      throw fail(verdict.error, name, args)
    }
    // The server has run the operation of this name; its result is of that name's shape.
    return { session: current, groupID, result: verdict.result as Result<N> }
  }

  async function groupAfter(current: Session, groupID: string): Promise<TimGroup> {
    const group = await current.live.group(groupID)
    if (!group) throw fail(groupError('GroupNotFound', groupID))
    return group
  }

  const tim: Tim = {
    login,
    logout,
    async destroy() {
      await logout()
      forget()
      events.emit(EVENT.SDK_DESTROY, { SDKAppID })
    },
    on: events.on,
    once: events.once,
    off: events.off,
    setLogLevel: () => undefined,

    async getGroupList() {
      return respond({ groupList: ready('getGroupList').live.list() })
    },

    async getGroupProfile({ groupID }) {
      const { live, store, userID } = ready('getGroupProfile')
      const known = live.known(groupID) ?? (await live.group(groupID))
      if (known) return respond({ group: known })
      const profile = await store.readProfile(groupID)
      if ('code' in profile) throw fail(profile, 'getGroupProfile', { groupID })
      return respond({ group: timGroup(profile, userID) })
    },

    async createGroup(options) {
      const { session: current, groupID } = await perform('createGroup', options)
      return respond({ group: await groupAfter(current, groupID) })
    },

    async updateGroupProfile(options) {
      const { session: current, groupID } = await perform('updateGroupProfile', options)
      return respond({ group: await groupAfter(current, groupID) })
    },

    async joinGroup(options) {
      const { session: current, groupID, result } = await perform('joinGroup', options)
      if (result.status !== TYPES.JOIN_STATUS_SUCCESS) return respond({ status: result.status })
      return respond({ status: result.status, group: await groupAfter(current, groupID) })
    },

    async quitGroup(groupID) {
      await perform('quitGroup', { groupID })
      return respond({ groupID })
    },

    async dismissGroup(groupID) {
      await perform('dismissGroup', { groupID })
      return respond({ groupID })
    },

    async getGroupMemberList({ groupID, count = membersPerCall, offset = 0 }) {
      const { live, store } = ready('getGroupMemberList')
      if (!(await live.group(groupID))) {
        const profile = await store.readProfile(groupID)
        throw fail('code' in profile ? profile : groupError('NotPermitted'), 'getGroupMemberList', { groupID })
      }
      return respond({ memberList: await live.members(groupID, { offset, limit: Math.min(count, membersPerCallMax) }) })
    },

    async addGroupMember(options) {
      const { session: current, groupID, result } = await perform('addGroupMember', options)
      const { successUserIDList, failureUserIDList, existedUserIDList } = result
      const lists = { successUserIDList, failureUserIDList, existedUserIDList }
      return respond(successUserIDList.length > 0 ? { ...lists, group: await groupAfter(current, groupID) } : lists)
    },

    async deleteGroupMember(options) {
      const { session: current, groupID, result } = await perform('deleteGroupMember', options)
      return respond({ group: await groupAfter(current, groupID), userIDList: result.userIDList })
    },

    async setGroupMemberRole(options) {
      const { session: current, groupID, result } = await perform('setGroupMemberRole', options)
      const member = await current.live.member(groupID, result.userID)
      if (!member) throw fail(groupError('GroupNotFound', groupID))
      return respond({ group: await groupAfter(current, groupID), member })
    }
  }
  return tim
}

const loggedIn = { actionStatus: 'OK', errorCode: 0, tinyID: '', a2Key: '' } as const

const netStates: Record<Status['connection'], string> = {
  online: TYPES.NET_STATE_CONNECTED,
  connecting: TYPES.NET_STATE_CONNECTING,
  offline: TYPES.NET_STATE_DISCONNECTED
}

/** Resolves when the user may come in: with the refusal when there is one. Who has been here before need not wait for the server. */
async function admitted(store: GroupStore): Promise<GroupError | undefined> {
  const here = firstValueFrom(store.groups$).then(({ rows }) => (rows.length > 0 ? undefined : decided))
  const decided = firstValueFrom(
    store.status$.pipe(filter(({ connection, lastError }) => connection !== 'connecting' || lastError !== null))
  )
  const error = (await Promise.race([decided, here]))?.lastError
  return error && isFatal(error) ? error : undefined
}

const isFatal = ({ code }: GroupError) => code >= 70000 || code === errors.StorageFailed.code || code === errors.WorkerFailed.code

function fail(error: GroupError, operation?: string, args?: object): IMError {
  const groupID: unknown = args && 'groupID' in args ? args.groupID : undefined
  return new IMError(error, { ...(operation && { operation }), ...(typeof groupID === 'string' && { groupID }) })
}

function reportError(error: unknown): void {
  // An app's own mistake in a handler: the app's console is where its author looks.
  console.error(error)
}
