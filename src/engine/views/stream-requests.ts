/** Checks requests of the UI thread: an app may pass any query. */

import * as v from 'valibot'
import { roles } from '../../kernel/model.ts'
import { natural, oneOf, text } from '../../protocol/fields.ts'
import type { StreamRequest } from '../stream-api.ts'
import { groupOrders, memberOrders } from './orders.ts'

const id = text()
const window = {
  offset: v.exactOptional(natural),
  after: v.exactOptional(id),
  limit: v.exactOptional(natural),
  search: v.exactOptional(text())
}
const orderOf = <Order extends string>(orders: Readonly<Record<Order, unknown>>) =>
  v.exactOptional(oneOf(...(Object.keys(orders) as Order[])))

const query = v.union([
  v.object({ kind: oneOf('groups'), ...window, orderBy: orderOf(groupOrders) }),
  v.object({ kind: oneOf('notices', 'undelivered', 'outbox', 'verdicts', 'status', 'storage') }),
  v.object({ kind: oneOf('group', 'tips'), groupID: id }),
  v.object({ kind: oneOf('attributes', 'counters'), groupID: v.exactOptional(id) }),
  v.object({
    kind: oneOf('members'),
    groupID: id,
    ...window,
    orderBy: orderOf(memberOrders),
    role: v.exactOptional(oneOf(...roles))
  }),
  v.object({ kind: oneOf('member'), groupID: id, userID: id })
])

const streamRequest = v.union([
  v.object({ type: oneOf('open'), stream: natural, query }),
  v.object({ type: oneOf('close'), stream: natural }),
  v.object({ type: oneOf('received'), version: natural })
])

export const isStreamRequest = (request: StreamRequest): boolean => v.is(streamRequest, request)

const openRequest = v.object({ type: oneOf('open'), stream: natural })

/** The stream of an `open` request with an invalid query. It is answered with an error patch. */
export const openedStream = (request: unknown): number | undefined =>
  v.is(openRequest, request) ? request.stream : undefined
