/** The types that the pages use. */

import type { GroupStore } from 'offline-groups'

declare global {
  /** Only a browser has it. */
  const location: { readonly host: string } | undefined
}

type ValueOf<S> = S extends { subscribe(next: (value: infer T) => void): unknown } ? T : never

export type Status = ValueOf<GroupStore['status$']>
export type PendingOperation = ValueOf<GroupStore['outbox$']>[number]
/** The arguments that are shown in words. */
export type ShownArgs = {
  readonly name?: string
  readonly userID?: string
  readonly role?: string
  readonly muteTime?: number
  readonly userIDList?: readonly string[]
}
export type VerdictEntry = ValueOf<GroupStore['verdicts$']>[number]
export type Verdict = VerdictEntry['verdict']
export type Group = ValueOf<GroupStore['groups$']>['rows'][number]
export type Member = NonNullable<ValueOf<ReturnType<GroupStore['member$']>>>

export type TheApp = {
  readonly userID: string
  readonly store: GroupStore
  readonly isPaused: boolean
  setPaused(isPaused: boolean): Promise<void>
}
