/** The deltas of groups in a list of messages. */

import type { GroupDelta, ServerMessage } from '../../protocol/server-messages.ts'

export const deltasIn = (messages: readonly ServerMessage[]): GroupDelta[] =>
  messages.flatMap(message => (message.type === 'delta' ? message.groups : []))

export const deltasOf = (messages: readonly ServerMessage[], groupID: string): GroupDelta[] =>
  deltasIn(messages).filter(delta => delta.groupID === groupID)
