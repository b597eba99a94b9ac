/** The store that an app holds on the UI thread. */

import type { Observable } from 'rxjs'
import type { UndeliveredEvent } from '../engine/api.ts'
import type { EntriesTable, Rows } from '../kernel/model.ts'
import type { GroupCommands } from './commands.ts'
import type { GroupQueries } from './queries.ts'

/** The store of one user: observables of the user's view, and calls. */
export type GroupStore = GroupQueries & GroupCommands

/** For the TIM events: tips and notices that are not delivered yet, and entries of all groups. */
export type Undelivered = {
  /** In the order of their numbers. */
  readonly undelivered$: Observable<readonly UndeliveredEvent[]>
  /** Events up to this number are delivered. */
  delivered(upTo: number): Promise<void>
  /** The attributes or counters of all groups that have any. */
  entries$<T extends EntriesTable>(table: T): Observable<readonly Rows[T][]>
}
