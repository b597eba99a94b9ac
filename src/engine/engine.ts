/**
 * An engine: it shows operations at once, stores them, sends them to the server, and shows the
 * confirmed rows. It needs no worker and no browser, only a host. This file connects its parts.
 */

import { storageFailed } from '../kernel/errors.ts'
import type { Engine } from './api.ts'
import type { Host } from './host.ts'
import { createDecisions } from './decisions.ts'
import { createEviction } from './eviction.ts'
import { createLeaderQuestions } from './leader-questions.ts'
import { createLeadership } from './leadership.ts'
import { createLifecycle, type Lifecycle, type LifecycleEnd } from './lifecycle.ts'
import { createLogout } from './logout.ts'
import type { Damage } from './state/base.ts'
import { createCommits, type Commits } from './state/commits.ts'
import { createMutes } from './state/mutes.ts'
import { createReload } from './state/reload.ts'
import { createState, type StateEvent } from './state/state.ts'
import { nothingTouched } from './state/touched.ts'
import { createTime } from './state/time.ts'
import { createPreview } from './preview.ts'
import { createRecovery } from './recovery.ts'
import { readStatus } from './status.ts'
import { adapterState, createStorageReport, type StorageReport } from './storage-state.ts'
import { watchStorage } from './storage-watch.ts'
import { createSubmit } from './submit.ts'
import { createSync } from './sync/sync.ts'
import { createTabs } from './tabs.ts'
import { createVerdictCalls } from './verdict-calls.ts'
import { createRetained } from './views/retained.ts'
import { createServerReads } from './server-reads.ts'
import { createStreams } from './views/streams.ts'
import { createViews } from './views/views.ts'

type EngineOptions = {
  readonly userID: string
  readonly token: string
  /** Starts without a connection, until `resume`. */
  readonly paused?: boolean
  /** Keeps tips and notices until they are delivered. */
  readonly keepUndelivered?: boolean
}

export function openEngine(
  given: Host,
  { userID, token, paused = false, keepUndelivered = false }: EngineOptions
): Engine {
  const { setTimer } = given
  const storage = watchStorage(given.storage, setTimer, onStorageSilent)
  const host = { ...given, storage }
  const lifecycle = createLifecycle(host, onEnd)
  const state = createState({ storage, userID, onEvent })
  const time = createTime(host, state.base.meta)
  const report = createStorageReport(host.storageState ?? adapterState, () =>
    state.publish({ ...nothingTouched(), storage: true })
  )
  // Before the first read has ended, the read itself ends such a logout (stored.ts).
  const onEnded = () => void (lifecycle.isReady() && logout.follow(false))
  const reader = createReload({
    ...{ host, state, userID, report, onEnded },
    isLoggedOut: lifecycle.isLoggedOut
  })
  const commits = createCommits({
    host,
    state,
    lifecycle,
    reload: reader.reload,
    term: () => leadership.term(),
    onFenced: term => leadership.fenced(term),
    onEnded,
    makeRoom: () => makeRoom()
  })
  const sync = createSync({
    host,
    state,
    commits,
    time,
    userID,
    keepsUndelivered: () => leadership.keepsUndelivered(),
    token,
    isEvicted: report.isEvicted,
    onStatus: () => leadership.publishStatus(),
    onDamaged: () => lifecycle.guard(reader.reload())
  })
  const makeRoom = createEviction({
    ...{ storage, state, commits, report },
    term: () => leadership.term(),
    isShown: groupID => sync.isWanted(groupID)
  })
  const retained = createRetained()
  const questions = createLeaderQuestions(host, lifecycle)
  const parts = {
    ...{ host, lifecycle, state, reload: reader, sync, questions },
    groupsWithShownMembers: retained.groupsWithShownMembers
  }
  const leadership = createLeadership({ ...parts, time, commits, paused, keepUndelivered })
  const reads = createServerReads({ ...parts, leadership, time })
  const tabs = createTabs({ ...parts, leadership, reads, onLogout: each => logout.follow(each) })
  const { serverNowMs } = time
  const mutes = createMutes({ setTimer, serverNowMs, publish: state.publish })
  const status = () => readStatus(state, time, leadership)
  const views = createViews({
    ...{ state, userID, mutes, retained, status },
    storageState: report.state
  })
  const streams = createStreams({ views, lifecycle, setTimer, state, want: tabs.want })
  const decisions = createDecisions(state, userID)
  const preview = createPreview({ host, lifecycle, decisions, time })
  const submit = createSubmit({
    ...{ host, lifecycle, state, commits, sync, leadership, time },
    decisions
  })
  const logout = createLogout({
    ...{ host, lifecycle, state, commits, leadership, tabs },
    reload: reader
  })
  const recovery = createRecovery(host, lifecycle, {
    async reload() {
      await reader.reload()
      // Storage that answers reads may still hang in a transaction, and this one waits behind it.
      await storage.transact([], () => [], 'relaxed')
    },
    onRecovered() {
      leadership.rejoin()
      leadership.publishStatus()
    }
  })
  const repair = createRepair({ report, commits, tabs, lifecycle })
  const stopWaking = host.onWake(sync.wake)
  host.onReturned?.(report.move)
  storage.onLost?.(lifecycle.fail)

  function onEvent(event: StateEvent): void {
    switch (event.type) {
      case 'changed':
        return streams.publish(event.touched)
      case 'damaged':
        return repair(event.damage)
      case 'orderLost':
        return lifecycle.guard(reader.reload())
    }
  }

  function onStorageSilent(): void {
    if (!leadership.hasClaimed()) return
    leadership.stepDown()
    recovery.begin()
  }

  function onEnd(end: LifecycleEnd): void {
    if (end === 'closing') {
      sync.stop()
      stopWaking()
      return mutes.stop()
    }
    leadership.stepDown()
    leadership.publishStatus()
    if (end === 'failed') return recovery.begin()
    // The last operations may have got their verdicts during the closing.
    state.verdicts.end()
  }

  lifecycle.begin(leadership.open())
  return {
    // The result type follows from the name. The arguments are copied before the first `await`,
    // because callers may change their object.
    apply: (async (name, args, options) => submit.apply(name, args, options)) as Engine['apply'],
    preview: (async (name, args) => preview(name, args)) as Engine['preview'],
    ...createVerdictCalls({ lifecycle, state, commits, submit }),
    readProfile: reads.readProfile,
    readMembers: reads.readMembers,
    readEntries: reads.readEntries,
    async delivered(upTo) {
      const all = [...state.base.undelivered.values()].map(({ number }) => number)
      const delivered = all.filter(number => number <= upTo)
      if (delivered.length === 0) return
      // Expected: storage refuses. The events stay undelivered.
      await lifecycle.answer(commits.removeDelivered(delivered).catch(storageFailed))
    },
    renewToken: async newToken => tabs.renewToken(newToken),
    pause: async () => leadership.pause(),
    resume: async () => leadership.resume(),
    logout: logout.logout,
    deleteLocalData: logout.deleteLocalData,
    close: () => lifecycle.close(),
    openStreams: streams.open
  }
}

type RepairOptions = {
  readonly report: StorageReport
  readonly commits: Commits
  readonly tabs: ReturnType<typeof createTabs>
  readonly lifecycle: Lifecycle
}

const createRepair =
  ({ report, commits, tabs, lifecycle }: RepairOptions) =>
  ({ table, groupID, rows }: Damage): void => {
    report.damaged(rows)
    // A damaged tip is left out: the rows show the change that it describes.
    if (table === 'members')
      lifecycle.guard(commits.forgetMembers(groupID).then(() => tabs.refetch(groupID)))
  }
