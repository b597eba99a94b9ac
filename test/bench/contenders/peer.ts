/**
 * Replaces server and network in the worker of the package: a WebSocket that delivers a server's
 * frames from memory. The package parses and checks them as in use.
 */

import { defaultPolicy } from '../../../src/kernel/limits.ts'
import { kernelVersion } from '../../../src/kernel/decide.ts'
import type { MemberRow } from '../../../src/kernel/model.ts'
import { must } from '../../../src/kernel/must.ts'
import type { ClientMessage } from '../../../src/protocol/client-messages.ts'
import { digestVersion } from '../../../src/protocol/digest.ts'
import { protocolVersion, type PushedOperation } from '../../../src/protocol/messages.ts'
import { serverFrame as frame, type ServerMessage } from '../../../src/protocol/server-messages.ts'
import {
  changedRow,
  fullShape,
  groupAt,
  groupIDOf,
  memberAt,
  memberKey,
  membersOf,
  pause,
  sizesOf,
  userID,
  type Change,
  type Shape
} from '../data.ts'

export type PeerRequest =
  | { readonly peer: 'relax' }
  | { readonly peer: 'prepare'; readonly shape: Shape }
  /** Answers when all members have been delivered. */
  | { readonly peer: 'handed' }
  | { readonly peer: 'prepareRemote'; readonly batches: readonly (readonly Change[])[] }
  | { readonly peer: 'remote'; readonly everyMs: number }
  /** Whether operations are answered. Until then they stay pending. */
  | { readonly peer: 'answer'; readonly on: boolean }

declare const scheduler: { postTask(task: () => void): Promise<void> }

const membersPerPage = 500
const groupsPerFrame = 50

let sizes = sizesOf(fullShape)
const seqs = new Map<string, number>()
const rows = new Map<string, MemberRow>()
let snapshot: string[] = []
const pages = new Map<string, string[]>()
let changes: string[] = []
let held: PushedOperation[] = []
let isAnswering = false
let socket: PeerSocket | undefined
let onHanded: () => void = () => undefined

const delta = (part: Partial<Extract<ServerMessage, { type: 'delta' }>>) =>
  frame({
    type: 'delta',
    serverTime: Date.now(),
    groups: [],
    verdicts: [],
    retry: [],
    caughtUp: false,
    ...part
  })

class PeerSocket {
  static readonly OPEN = 1
  readyState = 1
  onopen: () => void = () => undefined
  onmessage: (event: { data: string }) => void = () => undefined
  onclose: () => void = () => undefined
  constructor() {
    queueMicrotask(() => this.begin())
  }
  begin(): void {
    connect(this)
    this.onopen()
  }
  send(text: string): void {
    answer(JSON.parse(text) as ClientMessage)
  }
  close(): void {
    this.readyState = 3
    held = []
  }
}
Object.assign(globalThis, { WebSocket: PeerSocket })

function connect(opened: PeerSocket): void {
  socket = opened
}

function tell(data: string): void {
  const current = socket
  // A network takes at least one turn.
  void scheduler.postTask(() => current?.readyState === 1 && current.onmessage({ data }))
}

function answer(message: ClientMessage): void {
  if (message.type === 'hello') {
    tell(frame({ ...welcome, serverTime: Date.now() }))
    for (const [groupID, , seq] of message.groups) seqs.set(groupID, seq)
    const missing = message.feed === 0 ? snapshot : [delta({ caughtUp: true })]
    for (const each of missing) tell(each)
    snapshot = []
  } else if (message.type === 'members') {
    const page = pages.get(message.groupID)?.shift()
    if (page) tell(page)
    if (pages.get(message.groupID)?.length === 0) pages.delete(message.groupID)
    if (pages.size === 0) onHanded()
  } else if (message.type === 'push') {
    held.push(...message.operations)
    if (isAnswering) judge()
  } else if (message.type === 'read') {
    const group = groupAt(Number(message.groupID.slice(1)), 1)
    tell(frame({ type: 'profile', request: message.request, answer: group }))
  }
}

const welcome = {
  type: 'welcome',
  protocol: protocolVersion,
  kernel: kernelVersion,
  epoch: 'bench',
  userID,
  isAppAdmin: false,
  policy: defaultPolicy,
  known: true,
  digest: digestVersion
} as const

function prepare(shape: Shape): void {
  sizes = sizesOf(shape)
  const groups = sizes.map((size, index) => ({
    groupID: groupIDOf(index),
    membershipEpoch: 1,
    from: 0,
    to: 1,
    group: groupAt(index, size),
    members: [memberAt(index, 0, size)],
    gone: [],
    complete: false,
    tips: []
  }))
  const events = groups.map(
    ({ groupID }) =>
      ({ kind: 'joined', fseq: sizes.length, groupID, membershipEpoch: 1, since: 1 }) as const
  )
  const feed = { from: 0, to: sizes.length, events }
  for (let start = 0; start < groups.length; start += groupsPerFrame) {
    const caughtUp = start + groupsPerFrame >= groups.length
    snapshot.push(
      delta({
        groups: groups.slice(start, start + groupsPerFrame),
        caughtUp,
        ...(start === 0 && { feed })
      })
    )
  }
  sizes.forEach((size, index) => pages.set(groupIDOf(index), pagesOf(index, size)))
  for (const { groupID } of groups) seqs.set(groupID, 1)
}

function pagesOf(group: number, size: number): string[] {
  const all = membersOf(group, size)
  const cut = Array.from({ length: Math.ceil(size / membersPerPage) }, (_, page) =>
    all.slice(page * membersPerPage, (page + 1) * membersPerPage)
  )
  return cut.map((members, page) => {
    const next = page < cut.length - 1 ? (members.at(-1)?.userID ?? null) : null
    const after = page === 0 ? '' : must(cut[page - 1]?.at(-1)).userID
    return frame({
      type: 'members',
      groupID: groupIDOf(group),
      membershipEpoch: 1,
      asOf: 1,
      after,
      members,
      next
    })
  })
}

function grouped(members: readonly MemberRow[]): Map<string, MemberRow[]> {
  const groups = new Map<string, MemberRow[]>()
  for (const row of members) groups.set(row.groupID, [...(groups.get(row.groupID) ?? []), row])
  return groups
}

/** The groups of these rows, each at its next position. */
function advanced(members: readonly MemberRow[]) {
  for (const row of members) rows.set(memberKey(row), row)
  return [...grouped(members)].map(([groupID, members]) => {
    const from = seqs.get(groupID) ?? 1
    const index = Number(groupID.slice(1))
    seqs.set(groupID, from + 1)
    const group = groupAt(index, sizes[index] ?? 1)
    return {
      groupID,
      membershipEpoch: 1,
      from,
      to: from + 1,
      group,
      members,
      gone: [],
      complete: false,
      tips: []
    }
  })
}

function judge(): void {
  const operations = held
  held = []
  if (operations.length === 0) return
  const named = operations.map(({ groupID, args }) => {
    const user = String(args['userID'])
    const index = user === userID ? 0 : Number(user.slice(5))
    const group = Number(groupID.slice(1))
    const row =
      rows.get(memberKey({ groupID, userID: user })) ?? memberAt(group, index, sizes[group] ?? 1)
    return { ...row, nameCard: String(args['nameCard']) }
  })
  const groups = advanced(named)
  const verdicts = operations.map(({ opID, groupID }) => {
    return {
      kind: 'applied',
      opID,
      groupID,
      seq: seqs.get(groupID) ?? 1,
      result: { groupID }
    } as const
  })
  tell(delta({ groups, verdicts }))
}

async function take(request: PeerRequest): Promise<void> {
  switch (request.peer) {
    case 'relax':
      return relax()
    case 'prepare':
      return prepare(request.shape)
    case 'handed':
      return pages.size === 0 ? undefined : new Promise(resolve => (onHanded = resolve))
    case 'prepareRemote':
      changes = request.batches.map(batch => delta({ groups: advanced(batch.map(changedRow)) }))
      return
    case 'remote':
      for (const each of changes.splice(0)) {
        tell(each)
        await pause(request.everyMs)
      }
      return
    case 'answer':
      isAnswering = request.on
      if (isAnswering) judge()
  }
}

/** Makes commits relaxed by a change of IndexedDB, because the package commits strictly. */
function relax(): void {
  const begin = IDBDatabase.prototype.transaction
  IDBDatabase.prototype.transaction = function (stores, mode) {
    return begin.call(this, stores, mode, { durability: 'relaxed' })
  }
}

addEventListener('message', ({ data }: MessageEvent<PeerRequest & { id: number }>) => {
  if ('peer' in data) void take(data).then(() => postMessage({ taken: data.id }))
})
