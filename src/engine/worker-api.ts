/** The interface between a page and the engine in its worker. */

import type { GroupError } from '../kernel/errors.ts'
import type { OpenedDatabase, EngineApi } from './api.ts'

/** The store of one user of one server. */
export type StoreLocation = {
  readonly url: string
  readonly userID: string
  readonly token: string
  readonly paused: boolean
  /** Whether tips and notices are kept until they are delivered. */
  readonly keepUndelivered: boolean
  /** Whether the browser may have been killed during the last visit. */
  readonly mayFollowCrash: boolean
  /**
   * The database of the last worker of this page. If the user has logged out since, perhaps while
   * the page was frozen, its store ends.
   */
  readonly databaseID?: string
}

/** The calls of a worker. */
export type WorkerApi = EngineApi & {
  /**
   * The first call, made once. Streams go through `port`. Resolves before the engine is open: the
   * script has loaded. `true`: the worker holds `lock` until it ends.
   */
  open(location: StoreLocation, port: MessagePort, lock: string): Promise<GroupError | boolean>
  /** Resolves when the engine is open, with its database, or the reason if it cannot be opened. */
  opened(): Promise<GroupError | OpenedDatabase>
  /** Resolves at once, unless the worker hangs. */
  ping(): Promise<void>
}

const calls: { readonly [K in keyof EngineApi]: true } = {
  apply: true,
  preview: true,
  retry: true,
  settled: true,
  readProfile: true,
  readMembers: true,
  readEntries: true,
  delivered: true,
  dismissVerdict: true,
  renewToken: true,
  pause: true,
  resume: true,
  logout: true,
  deleteLocalData: true,
  close: true
}

/** Builds the calls of an engine one by one. */
export function forEachCall(
  call: (name: keyof EngineApi) => (...args: unknown[]) => unknown
): EngineApi {
  // Each function has the arguments and the result of the call with its name.
  return Object.fromEntries(
    Object.keys(calls).map(name => [name, call(name as keyof EngineApi)])
  ) as EngineApi
}

/** Calls that wait until the engine is open. */
export const whenOpen = (opening: Promise<EngineApi>): EngineApi =>
  forEachCall(
    name =>
      async (...args) =>
        ((await opening)[name] as (...args: unknown[]) => unknown)(...args)
  )
