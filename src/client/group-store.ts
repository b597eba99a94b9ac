/** The store that an app holds on the UI thread. */

import type { Observable } from 'rxjs'
import type { UndeliveredEvent } from '../engine/api.ts'
import type { GroupCommands } from './commands.ts'
import type { GroupQueries } from './queries.ts'

export type GroupStore = GroupQueries & GroupCommands

/** Tips and notices for the TIM events, each until it is delivered once. */
export type Undelivered = {
  /** In order. */
  readonly undelivered$: Observable<readonly UndeliveredEvent[]>
  /** Events up to this number are delivered. */
  delivered(upTo: number): Promise<void>
}
