/** The first message over a connection: the token, the client's positions and its outbox. */

import { kernelVersion } from '../../kernel/decide.ts'
import { groupError, type GroupError } from '../../kernel/errors.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { frameLimits, protocolVersion } from '../../protocol/messages.ts'
import type { State } from '../state/state.ts'

export function helloOf({ base, outbox }: State, token: string): ClientMessage {
  const { epoch = '', receipt, feed = 0 } = base.meta() ?? {}
  return {
    type: 'hello',
    protocol: protocolVersion,
    kernel: kernelVersion,
    token,
    epoch,
    ...(receipt !== undefined && { receipt }),
    feed,
    groups: [...base.groups.values()].map(({ groupID, membershipEpoch, seq }) => [
      groupID,
      membershipEpoch,
      seq
    ]),
    // Also those that are not durable: storage that was lost is written again from memory, and an
    // earlier connection may have sent them.
    pending: outbox.first().map(({ opID }) => opID)
  }
}

/** The error of a token that no server accepts. The app may have passed any value. */
export function tokenError(token: unknown): GroupError | undefined {
  if (typeof token !== 'string' || token === '') return groupError('TokenEmpty')
  return token.length > frameLimits.tokenLengthMax ? groupError('TokenMalformed') : undefined
}
