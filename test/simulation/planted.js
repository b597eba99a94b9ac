/**
 * Planted bugs: each is a small patch of the real source, in which `find` occurs exactly once.
 * README.md lists the violated invariant of each.
 */

/**
 * Forced conditions for bugs that the drawn conditions hide too long.
 * @type {Readonly<Record<string, readonly import('./swarm.ts').Condition[]>>}
 */
export const worldOf = {
  'a gap before a delta is ignored': ['links'],
  'the membership epoch is ignored': [],
  'a lost announcement is never noticed': [],
  'the floor of a group is ignored': [],
  'the server ignores the epoch and the client trusts it': [],
  'a rejoin keeps the old rows': [],
  'an outdated page of members is merged': [],
  'an announcement omits attributes and counters': ['entries'],
  'a delta after an absence omits attributes and counters': ['entries'],
  'announcements during a read are dropped': ['pool'],
  'positions are looked up as properties of an object': ['names'],
  'a call waits without a limit': ['storage'],
  'HTTP requests overtake each other': ['http'],
  'operations of an emptied store are forgotten': ['storage'],
  'commit numbers outlive their database': ['storage'],
  'rows written again are not posted': ['storage'],
  'failed storage is not tried again': ['storage'],
  'a database that other tabs have filled counts as the same': ['storage'],
  'a follower trusts its memory under a new leader': ['lockless']
}

/** The first seed that finds each, within 800 seeds of 1,200 steps. */
export const foundBy = {
  'a resent operation is judged again': 2,
  'a gap before a delta is ignored': 107,
  'an older delta is applied': 28,
  'a stored position is one too high': 1,
  'the overlay is not replayed over new rows': 1,
  'a verdict does not wait for its rows': 187,
  'member rows remain after leaving': 4,
  'verdicts are stored before their rows': 1,
  'a lane is sent backwards': 1,
  'the client omits `after`': 12,
  'a repeated operation does not hold back its lane': 280,
  'the server ignores `after`': 12,
  'a failed attempt is not retried': 12,
  'a request to resend operations is ignored': 10,
  'a silent server goes unnoticed': 10,
  'the floor of a group is ignored': 357,
  'the floor of the feed is ignored': 88,
  'the client ignores the epoch': 27,
  'the server ignores the epoch and the client trusts it': 397,
  'the membership epoch is ignored': 81,
  'a rejoin keeps the old rows': 193,
  'an operation that storage refused stays visible': 5,
  'an operation is answered before it is stored': 1,
  'the lock is released before the last commit': 48,
  'a new leader trusts its memory': 260,
  'commits are not posted to other tabs': 3,
  'sent operations count as sent after a reconnect': 2,
  'a lost announcement is never noticed': 257,
  'an announcement after a gap is sent': 376,
  'a delta omits removed members': 8,
  'an announcement omits attributes and counters': 1,
  'a delta after an absence omits attributes and counters': 1,
  'rows are read without their verdicts': 4,
  'an outdated page of members is merged': 17,
  'enqueueing an operation removes the one before': 1,
  'a verdict leaves its operation in the outbox': 1,
  'the outbox is ordered by ID': 4,
  'the feed is not read after catch-up': 15,
  'logout destroys operations that it has not read': 310,
  'an operation is enqueued after a logout': 48,
  'announcements during a read are dropped': 6,
  'a guest ends an AVChatRoom': 11,
  'an overtaken application stays open': 38,
  'positions are looked up as properties of an object': 4,
  'an unknown event makes a frame bad': 22,
  'an unknown message makes a frame bad': 3,
  'catching up resets the back-off': 626,
  'a clock jump expires operations': 27,
  'a call waits without a limit': 5,
  'a session outlives its token': 22,
  'the bytes of a frame are never released': 23,
  'a judged operation still counts as waiting': 1,
  'a refused operation leaves rows': 1,
  'frames for a full socket are dropped': 64,
  'a lost HTTP answer goes unnoticed': 49,
  'HTTP requests overtake each other': 1,
  'operations of an emptied store are forgotten': 15,
  'a database that other tabs have filled counts as the same': 451,
  'commit numbers outlive their database': 15,
  'rows written again are not posted': 52,
  'failed storage is not tried again': 2,
  'a deposed leader commits': 263,
  'a silent leader goes unnoticed': 32,
  'a received status is posted again': 14,
  'a pause stays in its tab': 13,
  'a claim does not raise the term': 2,
  'a follower trusts its memory under a new leader': 252,
  'the logout of a dead tab is not ended': 27,
  'a full store removes members that are shown': 43,
  'a repeated call stores its operation again': 1
}
export const stepsToFind = 1200

/** @type {Readonly<Record<string, { edits: readonly import('./bundle.js').Edit[] }>>} */
export const planted = {
  'a resent operation is judged again': edit(
    'src/server/authority/judge.ts',
    'const stored = known.of(submission, opID)\n',
    'const stored = known.of(submission, opID) && undefined\n'
  ),
  'a gap before a delta is ignored': edit(
    'src/engine/sync/merge-group.ts',
    'if (from > group.seq) return false',
    'if (from > group.seq + 1000) return false'
  ),
  'an older delta is applied': edit(
    'src/engine/sync/merge-group.ts',
    'to < group.seq || (to === group.seq && !isWhole)',
    'false'
  ),
  'a stored position is one too high': edit(
    'src/engine/sync/merge-group.ts',
    '    seq: to,\n',
    '    seq: to + 1,\n'
  ),
  'the overlay is not replayed over new rows': edit(
    'src/engine/state/overlay.ts',
    'new Set([...stale, ...touched.groups, ...touched.members.keys()])',
    'new Set([...stale])'
  ),
  'a verdict does not wait for its rows': edit(
    'src/engine/sync/merge-verdicts.ts',
    "if (verdict.kind === 'rejected' || isReached(draft, verdict)) conclude(",
    'if (verdict) conclude('
  ),
  'member rows remain after leaving': edit(
    'src/engine/sync/draft.ts',
    "writes.push({ table: 'members', scope: groupID, empty: true }, { table: 'tips'",
    "writes.push({ table: 'tips'"
  ),
  'verdicts are stored before their rows': edit(
    'src/engine/sync/sync.ts',
    'if (writes.length > 0) await commits.commit(writes, mergeAgain)',
    `const own = writes.filter(({ table }) => table === 'outbox' || table === 'verdicts')
    if (own.length > 0) await commits.commit(own)
    if (writes.length > 0) await commits.commit(writes.filter(write => !own.includes(write)))`
  ),
  'a lane is sent backwards': edit(
    'src/engine/sync/push.ts',
    'for (const pending of outbox.first()) {',
    'for (const pending of outbox.first().toReversed()) {'
  ),
  'the client omits `after`': edit(
    'src/engine/sync/push.ts',
    '...(after !== undefined && { after })',
    ''
  ),
  'a repeated operation does not hold back its lane': edit(
    'src/engine/sync/push.ts',
    'if (pending.isRepeated) blockedLanes',
    'if (!pending) blockedLanes'
  ),
  'the server ignores `after`': edit(
    'src/server/authority/judge.ts',
    'if (after !== undefined && !predecessor) return',
    'if (after === "never") return'
  ),
  'a failed attempt is not retried': edit(
    'src/engine/sync/retry.ts',
    "    timers.start('retry', connect, delayMs)\n",
    ''
  ),
  'a request to resend operations is ignored': edit(
    'src/engine/sync/sync.ts',
    'push.resend(retry)',
    ''
  ),
  'a silent server goes unnoticed': edit(
    'src/engine/sync/heartbeat.ts',
    '    patienceMs = withinMs\n',
    '    patienceMs = Infinity\n    if (withinMs > 0) return\n'
  ),
  'the floor of a group is ignored': edit(
    'src/server/database/memory-sync.ts',
    'const isWhole = from === 0 || from < state.floor',
    'const isWhole = from === 0'
  ),
  // Two guards: the login checks the floor, too.
  'the floor of the feed is ignored': {
    edits: [
      {
        file: 'src/server/sessions/replica/feed-delta.ts',
        find: 'from > 0 && from >= floor && from <= head &&',
        replace: 'from > 0 && from <= head &&'
      },
      {
        file: 'src/server/sessions/login.ts',
        find: 'if (from > head || from < floor) return false',
        replace: 'if (from > head) return false'
      }
    ]
  },
  'the client ignores the epoch': edit(
    'src/engine/sync/sync.ts',
    '(before.meta.epoch !== message.epoch || !message.known)',
    'false'
  ),
  // Two guards: a client forgets its rows if the epoch differs.
  'the server ignores the epoch and the client trusts it': {
    edits: [
      {
        file: 'src/server/sessions/login.ts',
        find: 'epoch === identity.epoch && canContinue',
        replace: 'canContinue'
      },
      {
        file: 'src/engine/sync/sync.ts',
        find: '(before.meta.epoch !== message.epoch || !message.known)',
        replace: '!message.known'
      }
    ]
  },
  'the membership epoch is ignored': {
    edits: [
      {
        file: 'src/engine/sync/merge-group.ts',
        find: 'if (!group || group.membershipEpoch !== membershipEpoch || to < group.seq',
        replace: 'if (!group || to < group.seq'
      },
      // A gap in a group without rows ends the connection, and the next one mends the membership.
      {
        file: 'src/engine/sync/merge-group.ts',
        find: 'if (from > group.seq) return false',
        replace: 'if (from > group.seq && group.seq > 0) return false'
      },
      {
        file: 'src/server/sessions/replica/catch-up.ts',
        find: 'position?.membershipEpoch === membershipEpoch ? position.seq : 0',
        replace: 'position?.seq ?? 0'
      }
    ]
  },
  'a rejoin keeps the old rows': edit(
    'src/engine/sync/merge-feed.ts',
    '        if (group && group.membershipEpoch >= membershipEpoch) return\n',
    '        if (group) return\n'
  ),
  'an operation that storage refused stays visible': edit(
    'src/engine/submit.ts',
    'state.retract(pending)\n    // After',
    '// After'
  ),
  'an operation is answered before it is stored': edit(
    'src/engine/submit.ts',
    'commit = await commits.enqueue(pending, call.retried)',
    `void commits.enqueue(pending, call.retried).catch(() => undefined)
    const write = { table: 'outbox', scope: '', id: pending.opID, row: pending } as const
    commit = { commitNumber: 0, writes: [write] }`
  ),
  'the lock is released before the last commit': edit(
    'src/engine/lifecycle.ts',
    'await bound(release(), storageWithinMs, () => undefined).catch(() => undefined)',
    'void bound(release(), storageWithinMs, () => undefined).catch(() => undefined)'
  ),
  'a new leader trusts its memory': edit(
    'src/engine/leadership.ts',
    'if (!state.hasRead(lastClaim.commitNumber - 1)) await reload()',
    ''
  ),
  'commits are not posted to other tabs': edit(
    'src/engine/state/commits.ts',
    '    state.applyCommit(commit)\n    peers.post(state.commitMessage(commit))\n',
    '    state.applyCommit(commit)\n'
  ),
  'sent operations count as sent after a reconnect': edit(
    'src/engine/sync/push.ts',
    'sent.clear()',
    ''
  ),
  'a lost announcement is never noticed': edit(
    'src/server/sessions/replica/drift.ts',
    'seq > (positions.groups.get(groupID)?.upTo ?? seq) ? groupID',
    'seq < 0 ? groupID'
  ),
  'an announcement after a gap is sent': edit(
    'src/server/sessions/replica/announcements.ts',
    ' && from > 0 && position.upTo === from)',
    ' && from > 0)'
  ),
  'a delta omits removed members': edit(
    'src/server/sessions/replica/group-delta.ts',
    '    gone,\n    complete: false,\n    tips',
    '    gone: [],\n    complete: false,\n    tips'
  ),
  'an announcement omits attributes and counters': edit(
    'src/server/sessions/replica/group-delta.ts',
    '    ...entries\n',
    ''
  ),
  'a delta after an absence omits attributes and counters': edit(
    'src/server/sessions/replica/group-delta.ts',
    'others.filter(({ revision }) => revision > from)',
    "others.filter(({ table, revision }) => revision > from && table === 'settings')"
  ),
  'rows are read without their verdicts': edit(
    'src/server/sessions/replica/reads.ts',
    'addStored(state, rows.verdicts)\n',
    ''
  ),
  'an outdated page of members is merged': edit(
    'src/engine/sync/merge-group.ts',
    `if (group?.membershipEpoch === membershipEpoch && group.seq === asOf &&
      group.membersUpTo === after)`,
    'if (group && group.membersUpTo !== null)'
  ),
  'enqueueing an operation removes the one before': edit(
    'src/engine/state/commits.ts',
    "{ table: 'outbox', scope: '', id: pending.opID, row: pending },\n",
    `{ table: 'outbox', scope: '', id: pending.opID, row: pending },
      ...state.outbox.inOrder().slice(-2, -1).map(last =>
        ({ table: 'outbox', scope: '', id: last.opID, row: null }) as const),`
  ),
  'a verdict leaves its operation in the outbox': edit(
    'src/engine/state/settle.ts',
    "  { table: 'outbox', scope: '', id: opID, row: null },\n",
    ''
  ),
  'the outbox is ordered by ID': edit('src/storage/tables.ts', 'a.order - b.order || ', ''),
  'the feed is not read after catch-up': edit(
    'src/server/sessions/replica/reads.ts',
    'if (rows.feed.head > positions.feed) {',
    'if (rows.feed.head > positions.feed && !state.hasCaughtUp) {'
  ),
  'logout destroys operations that it has not read': edit(
    'src/engine/state/seal.ts',
    'pendingCount = isDiscarding ? 0 : pending.length',
    'pendingCount = 0'
  ),
  'an operation is enqueued after a logout': edit(
    'src/engine/state/commits.ts',
    'isEndedDatabase(row, named, state.databaseID())\n',
    'isEndedDatabase(undefined, named, state.databaseID())\n'
  ),
  // The bugs from here on need conditions such as several connections, builds or a crafter.
  'announcements during a read are dropped': edit(
    'src/server/sessions/replica/announcements.ts',
    'if (held.length < heldMax) held.push(announcement)',
    'if (held.length < heldMax) return'
  ),
  'a guest ends an AVChatRoom': edit(
    'src/kernel/operations/quit-group.ts',
    "if (group.type === 'Private' && group.memberNum <= 1)",
    'if (group.memberNum <= 1)'
  ),
  'an overtaken application stays open': edit(
    'src/kernel/admission.ts',
    "const isOpen = application?.state === 'pending'",
    `const isOpen =
      application?.state === 'pending' && handlerID !== userID && handleMessage !== ''`
  ),
  'positions are looked up as properties of an object': edit(
    'src/server/sessions/login.ts',
    `groups: new Map(
      groups.map(([groupID, membershipEpoch, seq]) => [groupID, { membershipEpoch, seq }])
    )`,
    `groups: (byID => ({
      get: id => byID[id] && (([membershipEpoch, seq]) => ({ membershipEpoch, seq }))(byID[id])
    }))(Object.fromEntries(groups.map(([id, ...position]) => [id, position])))`
  ),
  'an unknown event makes a frame bad': edit(
    'src/protocol/server-messages.ts',
    '({ kind }) => !eventKinds.includes(kind)',
    '({ kind }) => kind === undefined'
  ),
  'an unknown message makes a frame bad': edit(
    'src/protocol/messages.ts',
    "({ type }) => type !== 'unknown' && !types.includes(type)",
    '({ type }) => type === undefined'
  ),
  'catching up resets the back-off': edit(
    'src/engine/sync/retry.ts',
    "timers.start('steady', () => (failures = 0), steadyAfterMs)",
    '(failures = 0)'
  ),
  'a clock jump expires operations': edit(
    'src/engine/state/time.ts',
    `Math.max(0, Math.min(
      now() - pending.askedAtMs,
      certainNowMs() - pending.askedAtServerSeconds * 1000,
      byRun
    ))`,
    'Math.max(0, now() - pending.askedAtMs)'
  ),
  'a call waits without a limit': {
    edits: [
      {
        file: 'src/kernel/bound.ts',
        find: 'setTimer(() => resolve(late()), limitMs)',
        replace: '() => undefined'
      },
      {
        file: 'src/engine/sync/questions.ts',
        find: 'host.setTimer(late, answerWithinMs)',
        replace: '() => undefined'
      }
    ]
  },
  'a session outlives its token': edit(
    'src/server/sessions/expiry.ts',
    'stopTimer = setTimer(expire, Math.min(expiresAtMs - now(), timerMsMax))',
    'stopTimer = undefined'
  ),
  'the bytes of a frame are never released': edit(
    'src/server/sessions/budget.ts',
    '        held -= amount\n',
    ''
  ),
  'a judged operation still counts as waiting': edit(
    'src/server/sessions/push.ts',
    '        countDown()\n        operationsWaiting--\n',
    '        operationsWaiting--\n'
  ),
  'a refused operation leaves rows': edit(
    'src/server/authority/write-batch.ts',
    'const rows = [...changed.members].map(',
    `const refused = batch.log.length === 0 ? batch.verdicts.map(({ userID }) => userID) : []
    const rows = [...changed.members, ...refused].map(`
  ),
  'frames for a full socket are dropped': edit(
    'src/server/sessions/sender.ts',
    '      await drained\n',
    '      return\n'
  ),
  'a lost HTTP answer goes unnoticed': edit(
    'src/protocol/transports/long-poll.ts',
    'const { frames, isOver } = read(await request([]))',
    `const { frames, isOver } = await request([])
      .then(read)
      .catch(() => ({ frames: [], isOver: hasEnded }))`
  ),
  'HTTP requests overtake each other': edit(
    'src/protocol/transports/long-poll.ts',
    '      if (isSending) return\n',
    ''
  ),
  'operations of an emptied store are forgotten': edit(
    'src/engine/state/reload.ts',
    'isSame && stored.commitNumber >= known) return stored',
    '(isSame || known >= 0)) return stored'
  ),
  'a database that other tabs have filled counts as the same': edit(
    'src/engine/state/reload.ts',
    'const isSame = databaseID === undefined ||',
    'const isSame = known >= 0 ||'
  ),
  'commit numbers outlive their database': edit(
    'src/engine/state/lost-rows.ts',
    'state.forgetCommitNumbers()\n',
    ''
  ),
  'rows written again are not posted': edit(
    'src/engine/state/reload.ts',
    'if (commit.writes.length > 0) peers.post(',
    'if (commit.writes.length < 0) peers.post('
  ),
  'failed storage is not tried again': edit(
    'src/engine/recovery.ts',
    'return lifecycle.isClosing() ? undefined : lifecycle.fail(error)',
    'return'
  ),
  'a deposed leader commits': {
    edits: [
      {
        file: 'src/engine/state/commits.ts',
        find: 'if (storedTerm !== ownTerm) return []',
        replace: ''
      },
      {
        file: 'src/engine/state/commits.ts',
        find: 'if (storedTerm !== ownTerm) return onFenced(storedTerm)',
        replace: ''
      }
    ]
  },
  // The attempt to lead has a status of its own.
  'a silent leader goes unnoticed': {
    edits: [
      {
        file: 'src/engine/election.ts',
        find: "role === 'following' && silentTicks >= silentTicksMax",
        replace: "role === 'retired' && silentTicks >= silentTicksMax"
      },
      {
        file: 'src/engine/election.ts',
        find: 'silentTicks === election.attemptAtTick ?',
        replace: 'silentTicks < 0 ?'
      }
    ]
  },
  'a received status is posted again': edit(
    'src/engine/leadership.ts',
    'const isNewLeader = term !== lastClaim.term\n',
    "const isNewLeader = term !== lastClaim.term\n    peers.post({ type: 'status', term, commitNumber, pause: leaderPause, status })\n"
  ),
  // A follower with the later setting posts it again when it receives a beat.
  'a pause stays in its tab': {
    edits: [
      {
        file: 'src/engine/pause.ts',
        find: "peers.post({ type: 'pause', pause: { isPaused, calls } })",
        replace: ''
      },
      {
        file: 'src/engine/pause.ts',
        find: "else peers.post({ type: 'pause', pause: setting })",
        replace: ''
      }
    ]
  },
  'a claim does not raise the term': edit(
    'src/engine/state/lease.ts',
    'Math.max(stored?.term ?? 0, knownTerm) + 1',
    'Math.max(stored?.term ?? 0, knownTerm, 1)'
  ),
  'a follower trusts its memory under a new leader': edit(
    'src/engine/leadership.ts',
    'lifecycle.guard(lifecycle.ready.then(reloadSinceClaim))',
    ''
  ),
  'the logout of a dead tab is not ended': edit(
    'src/engine/state/stored.ts',
    'isFirst && isSealed(answers)',
    'isFirst && answers.length === 0'
  ),
  'a full store removes members that are shown': edit(
    'src/engine/eviction.ts',
    '!isShown(groupID) &&',
    ''
  ),
  'a repeated call stores its operation again': edit(
    'src/engine/submit.ts',
    'if (answered) return answered',
    ''
  )
}

/** @param {string} file @param {string} find @param {string} replace */
function edit(file, find, replace) {
  return { edits: [{ file, find, replace }] }
}
