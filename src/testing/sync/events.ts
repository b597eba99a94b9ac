/** The number of a notice: `operationType` of the TIM interface. */

import type { FeedEvent } from '../../protocol/server-messages.ts'

export const numberOf = (event: FeedEvent): number | undefined =>
  event.kind === 'notice' ? event.operationType : undefined
