/**
 * The tabs of one user. Each has a complete engine on the same storage, and shows the commits of
 * the others. A follower sends requests that need the server to the leader.
 */

import { isLoginError } from '../kernel/errors.ts'
import type { SyncStatus } from './api.ts'
import type { Host, PeerMessage, CommitMessage } from './host.ts'
import type { LeaderQuestions } from './leader-questions.ts'
import type { Leadership } from './leadership.ts'
import type { Lifecycle } from './lifecycle.ts'
import { parsePeerMessage } from './peer-messages.ts'
import type { ServerReads } from './server-reads.ts'
import type { Reload } from './state/reload.ts'
import type { State } from './state/state.ts'
import type { Sync } from './sync/sync.ts'

type TabsOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly reload: Reload
  readonly sync: Sync
  readonly leadership: Leadership
  readonly questions: LeaderQuestions
  readonly reads: ServerReads
  /** Another tab has logged out. */
  onLogout(isDiscarding: boolean): void
}

export type Tabs = ReturnType<typeof createTabs>

export function createTabs(options: TabsOptions) {
  const { lifecycle, state, sync, leadership, questions } = options
  const { reload, loadLane } = options.reload
  const { peers } = options.host
  const { guard } = lifecycle
  /** The last token that this or another tab has posted. */
  let postedToken = ''
  let reloading: Promise<void> | undefined

  peers.listen(receivePeerMessage)

  function receivePeerMessage(posted: unknown): void {
    const message = parsePeerMessage(posted)
    // Another build of the app has posted it. Only a full read checks the rows that it wrote.
    if (!message) return reloadSoon()
    switch (message.type) {
      case 'committed':
        return receiveCommits(message)
      case 'logout':
        return options.onLogout(message.isDiscarding)
      case 'status':
        // The leader posts another status after it has received a token.
        return offerToken(message.status) ? undefined : leadership.receiveBeat(message)
      case 'vacant':
        return leadership.receiveVacancy(message.term)
      case 'pageClosed':
        return leadership.receivePageClosed()
      case 'pause':
        return leadership.receivePause(message.pause)
      case 'hello':
        return receiveHello(message)
      case 'unposted':
        return leadership.hasClaimed() ? guard(reload().then(sync.push)) : undefined
      case 'token':
        postedToken = message.token
        return sync.renew(message.token)
      case 'ask':
        return leadership.isLeading() ? void options.reads.answerFollower(message) : undefined
      case 'answer':
        return questions.resolve(message.id, message.answer)
    }
  }

  /** Reads storage once for any number of calls in one turn. */
  function reloadSoon(): void {
    reloading ??= lifecycle.ready.then(() => {
      reloading = undefined
      return reload()
    })
    guard(reloading)
  }

  function receiveCommits({ databaseID = state.databaseID(), commits }: CommitMessage): void {
    // One of the two tabs has not noticed yet that the browser has emptied its database.
    if (databaseID !== (state.databaseID() ?? databaseID)) return reloadSoon()
    commits.forEach(state.applyCommit)
    for (const write of commits.flatMap(({ writes }) => writes))
      if (write.table === 'outbox' && 'row' in write && write.row)
        guard(loadLane(write.row.groupID))
    sync.push()
  }

  /** If the server refuses the leader's token, this tab may have a better one. It posts it once. */
  function offerToken({ lastError }: SyncStatus): boolean {
    const token = sync.token()
    const isUseless = token === '' || token === postedToken
    if (leadership.isLeading() || !isLoginError(lastError) || isUseless) return false
    postedToken = token
    peers.post({ type: 'token', token })
    return true
  }

  function receiveHello(hello: Extract<PeerMessage, { type: 'hello' }>): void {
    if (leadership.isLeading()) for (const groupID of hello.wanted) sync.want(groupID)
    leadership.receiveHello(hello)
  }

  return {
    /** Asks the leader to fetch the members of this group: they are shown. */
    want(groupID: string): void {
      if (leadership.isLeading()) sync.want(groupID)
      else leadership.hello([groupID])
    },
    /** Fetches stored members that were removed. Only the leader can remove them, so it leads. */
    refetch(groupID: string): void {
      if (leadership.isLeading()) sync.want(groupID)
    },
    /** Lets the leader send all pending operations, including those of a tab that has died. */
    flush(): void {
      if (leadership.isLeading()) sync.push()
      else peers.post({ type: 'unposted' })
    },
    renewToken(token: string): void {
      sync.renew(token)
      // The app passes an empty token if it has none.
      if (typeof token !== 'string' || token === '') return
      postedToken = token
      // Any tab may become the leader, so all tabs need the token.
      peers.post({ type: 'token', token })
    }
  }
}
