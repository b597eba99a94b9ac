/**
 * Wrappers around `connect` that rewrite frames as a newer server or client would send them. They
 * keep no state, so they work for any number of connections and survive restarts of either side.
 *
 *     connect: newerServer(network.connect)                     // adds unknown fields and messages
 *     connect: newerServer(network.connect, { renames: true })  // and uses unknown words
 *     connect: newerClient(network.connect)
 *
 * Users see no addition of `newerServer`, so the invariants of a simulation hold.
 */

import type { Connect } from '../../src/protocol/port.ts'

type Json = null | boolean | number | string | readonly Json[] | Fields
type Fields = { readonly [field: string]: Json }

const extra: Fields = { since: 'next year', parts: [1, { deep: [null] }] }

const isFields = (value: Json | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : []

/** Arguments and results stay as they are, because a field more would be another key. */
const untouched = new Set(['args', 'result'])
const isMap = (name: string, value: Fields) => name === 'groups' && !('groupID' in value)

/** Adds a field that only the newer build knows to every object. */
function widened(value: Json, name = ''): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(each => widened(each, name))
  if (!isFields(value) || untouched.has(name)) return value
  if ('columns' in value && isFields(value['columns'])) return packedWithMore(value)
  const fields = Object.entries(value).map(
    ([field, each]) => [field, widened(each, field)] as const
  )
  return { ...Object.fromEntries(fields), ...(!isMap(name, value) && { fromTheFuture: extra }) }
}

/** Adds a column to a column block. */
const packedWithMore = (packed: Fields): Json => ({
  ...packed,
  columns: { ...(packed['columns'] as Fields), fromTheFuture: [1] }
})

/** Feed positions count twice, because an unknown event precedes each known one. */
const perEvent = 2
const doubled = (position: Json | undefined): number => Number(position) * perEvent

function withEvents(feed: Fields): Fields {
  const isWhole = feed['from'] === 0
  const events = listOf(feed['events']).flatMap((event): Json[] => {
    if (!isFields(event)) return [event]
    const known = { ...event, fseq: doubled(event['fseq']) }
    return isWhole
      ? [known]
      : [{ kind: 'pinned', fseq: known.fseq - 1, groupID: 'crew', note: extra }, known]
  })
  const first: Json[] = isWhole && events.length > 0 ? [{ kind: 'pinned', fseq: 1 }] : []
  return {
    ...feed,
    from: doubled(feed['from']),
    to: doubled(feed['to']),
    events: [...first, ...events]
  }
}

/** Unknown words in place of known ones. This build keeps and shows them without harm. */
const words: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  type: { Public: 'Guild' },
  joinOption: { FreeAccess: 'ByLink' },
  role: { Admin: 'Deputy' },
  messageRemindType: { Discard: 'OnWeekdays' },
  reason: { NotPermitted: 'AgainstHouseRules', kicked: 'archived', GroupNotFound: 'GroupArchived' },
  scope: { permission: 'house', gone: 'archive' },
  operationType: { 1: 201, 4: 204, 6: 206, 7: 207, 9: 209 },
  state: { agreed: 'delegated' },
  suppressTips: { none: 'some' },
  kind: { partial: 'split' }
}

function renamed(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(renamed)
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([field, each]) => {
      const word =
        typeof each === 'string' || typeof each === 'number' ? words[field]?.[each] : undefined
      return [field, word ?? (untouched.has(field) ? each : renamed(each))]
    })
  )
}

const serverNews: readonly Fields[] = [
  { type: 'announcement', text: 'We have moved', extra },
  { type: 'presence', users: ['ann'], extra }
]

/** The frames of a newer server in place of this one. */
function toOlderClient(frame: string, renames: boolean): string[] {
  const message = JSON.parse(frame) as Fields
  const { feed } = message
  const moved: Fields = {
    ...message,
    ...(isFields(feed) && { feed: withEvents(feed) }),
    ...(message['type'] === 'pong' && { feed: doubled(feed) }),
    ...(message['type'] === 'welcome' && { capabilities: ['threads', 'reactions'] })
  }
  // The type of a message is not renamed, only the words in its rows.
  const said = renames ? { ...(renamed(moved) as Fields), type: moved['type'] ?? null } : moved
  const [before, after] = serverNews
  return [before, widened(said), message['type'] === 'error' ? undefined : after].flatMap(each =>
    each === undefined ? [] : JSON.stringify(each)
  )
}

/** A frame that the real server understands, without digests: it cannot compare renamed rows. */
function fromOlderClient(frame: string, renames: boolean): string {
  const message = JSON.parse(frame) as Fields
  if (message['type'] === 'ping' && renames) return JSON.stringify({ type: 'ping' })
  return message['type'] === 'hello'
    ? JSON.stringify({ ...message, feed: Number(message['feed']) / perEvent })
    : frame
}

export const newerServer =
  (connect: Connect, { renames = false }: { renames?: boolean } = {}): Connect =>
  events => {
    const link = connect({
      ...events,
      onFrame: frame => toOlderClient(frame, renames).forEach(each => events.onFrame(each))
    })
    return { ...link, send: frame => link.send(fromOlderClient(frame, renames)) }
  }

/** The frames of a newer client, with unknown fields and messages. */
function toOlderServer(frame: string): string[] {
  const message = JSON.parse(frame) as Fields
  const news = { type: 'typing', groupID: 'crew', extra }
  const said = JSON.stringify(widened(message))
  // `hello` must be the first message.
  return message['type'] === 'hello' ? [said] : [JSON.stringify(news), said]
}

export const newerClient =
  (connect: Connect): Connect =>
  events => {
    const link = connect(events)
    return { ...link, send: frame => toOlderServer(frame).forEach(each => link.send(each)) }
  }
