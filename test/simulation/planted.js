/**
 * Bugs to be found: each is a small change of the real source. `find` has to be there exactly once. README.md lists
 * what the simulation says of each.
 */

/**
 * Conditions that every seed of a search has, where those that a seed draws hide the bug too long.
 * @type {Readonly<Record<string, readonly import('./swarm.ts').Condition[]>>}
 */
export const worldOf = {
  'a gap is not noticed': ['links'],
  'the membership is ignored': [],
  'a lost announcement is never noticed': [],
  'the floor is ignored': [],
  'the epoch is ignored by the server, and the client believes it': [],
  'a rejoin keeps the old rows': [],
  'what is announced during a read is dropped': ['pool'],
  'positions are looked up by name on an object': ['names'],
  'a call waits for ever': ['storage'],
  'HTTP requests overtake each other': ['http']
}

/** The first seed that finds each, within 400 seeds of 1,200 steps. */
export const foundBy = {
  'no de-duplication': 1,
  'a gap is not noticed': 105,
  'an older delta is applied': 113,
  'the position is one ahead': 1,
  'the overlay is not replayed over new rows': 1,
  'a verdict does not wait for its rows': 210,
  'rows remain after leaving': 1,
  'verdicts in a transaction of their own': 1,
  'a lane is sent backwards': 1,
  '`after` is not sent, and nothing keeps the order': 10,
  '`after` is ignored': 10,
  'no retry after a failure': 4,
  'operations to send again are not': 10,
  'nobody notices silence': 69,
  'the floor is ignored': 256,
  'the floor of the feed is ignored': 240,
  'the epoch is ignored by the client': 1,
  'the epoch is ignored by the server, and the client believes it': 71,
  'the membership is ignored': 99,
  'a rejoin keeps the old rows': 101,
  'a failed commit is not taken back': 5,
  'an operation is answered before it is stored': 1,
  'the lock is released before the last commit': 43,
  'a new leader trusts its memory': 44,
  'tabs are not told of commits': 12,
  'what was sent counts as sent over the next connection': 1,
  'a lost announcement is never noticed': 67,
  'an announcement need not continue': 261,
  'removed members are not told': 6,
  'a page of members of any moment is taken': 242,
  'an operation leaves the outbox when the next one is queued': 1,
  'a verdict leaves its operation in the outbox': 1,
  'the outbox is ordered by ID': 1,
  'who has left is told of the group': 7,
  'logout destroys what could not be read': 67,
  'what is announced during a read is dropped': 2,
  'a guest ends an AVChatRoom': 3,
  'an overtaken application stays open': 6,
  'positions are looked up by name on an object': 3,
  'an unknown event makes a frame bad': 3,
  'an unknown message makes a frame bad': 3,
  'back-off begins anew whenever all is caught up': 174,
  'a clock that jumps lets operations expire': 127,
  'a call waits for ever': 10,
  'no timer ends a session whose token has ended': 10,
  'what a frame has held is not released': 23,
  'a judged operation is counted for ever': 1,
  'a refused operation leaves rows': 1,
  'what a full socket does not take is dropped': 6,
  'an HTTP answer that is lost is not noticed': 31,
  'HTTP requests overtake each other': 4
}
export const stepsToFind = 1200

/** @type {Readonly<Record<string, { edits: readonly import('./bundle.js').Edit[] }>>} */
export const planted = {
  'no de-duplication': edit(
    'src/server/authority/judge.ts',
    'const stored = known.of(submission, opID)\n',
    'const stored = known.of(submission, opID) && undefined\n'
  ),
  'a gap is not noticed': edit(
    'src/engine/sync/merge-group.ts',
    'if (from > group.seq) return false',
    'if (from > group.seq + 1000) return false'
  ),
  'an older delta is applied': edit(
    'src/engine/sync/merge-group.ts',
    'to < group.seq || (to === group.seq && !isWhole)',
    'false'
  ),
  'the position is one ahead': edit(
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
  'rows remain after leaving': edit(
    'src/engine/sync/draft.ts',
    "writes.push({ table: 'members', scope: groupID, empty: true }, { table: 'tips'",
    "writes.push({ table: 'tips'"
  ),
  'verdicts in a transaction of their own': edit(
    'src/engine/sync/sync.ts',
    'if (writes.length > 0) await commits.commit(writes)',
    "const own = writes.filter(({ table }) => table === 'outbox' || table === 'verdicts')\n    if (own.length > 0) await commits.commit(own)\n    if (writes.length > 0) await commits.commit(writes.filter(write => !own.includes(write)))"
  ),
  'a lane is sent backwards': edit(
    'src/engine/sync/push.ts',
    'for (const pending of outbox.inOrder()) {',
    'for (const pending of outbox.inOrder().toReversed()) {'
  ),
  '`after` is not sent, and nothing keeps the order': edit(
    'src/engine/sync/push.ts',
    '...(after !== undefined && { after })',
    ''
  ),
  '`after` is ignored': edit(
    'src/server/authority/judge.ts',
    'if (after !== undefined && !predecessor) return',
    'if (after === "never") return'
  ),
  'no retry after a failure': edit(
    'src/engine/sync/retry.ts',
    "    timers.start('retry', connect, delayMs)\n",
    ''
  ),
  'operations to send again are not': edit('src/engine/sync/sync.ts', 'push.resend(retry)', ''),
  'nobody notices silence': edit(
    'src/engine/sync/heartbeat.ts',
    '    patienceMs = withinMs\n',
    '    patienceMs = Infinity\n    if (withinMs > 0) return\n'
  ),
  'the floor is ignored': edit(
    'src/server/sessions/replica/group-delta.ts',
    'held > 0 && held >= floor ?',
    'held > 0 ?'
  ),
  // The login has a guard of its own.
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
  'the epoch is ignored by the client': edit(
    'src/engine/sync/sync.ts',
    '(before.meta.epoch !== message.epoch || !message.known)',
    'false'
  ),
  // Each guards alone: the client forgets what it holds when the epoch is another.
  'the epoch is ignored by the server, and the client believes it': {
    edits: [
      {
        file: 'src/server/sessions/login.ts',
        find: 'epoch === identity.epoch && (await',
        replace: '(await'
      },
      {
        file: 'src/engine/sync/sync.ts',
        find: '(before.meta.epoch !== message.epoch || !message.known)',
        replace: '!message.known'
      }
    ]
  },
  'the membership is ignored': {
    edits: [
      {
        file: 'src/engine/sync/merge-group.ts',
        find: 'if (!group || group.membershipEpoch !== membershipEpoch || to < group.seq',
        replace: 'if (!group || to < group.seq'
      },
      // A gap of a group that holds nothing yet brings another connection, and by then the membership is right.
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
  'a failed commit is not taken back': edit(
    'src/engine/submit.ts',
    'state.retract(pending)\n      if (call.isLate)',
    'if (call.isLate)'
  ),
  'an operation is answered before it is stored': edit(
    'src/engine/submit.ts',
    'commit = await commits.enqueue(pending, call.retried)',
    'void commits.enqueue(pending, call.retried).catch(() => undefined)\n      commit = { commitNumber: 0, writes: [{ table: "outbox", scope: "", id: pending.opID, row: pending }] }'
  ),
  'the lock is released before the last commit': edit(
    'src/engine/lifecycle.ts',
    '        await end()\n',
    '        void end()\n'
  ),
  'a new leader trusts its memory': edit(
    'src/engine/leadership.ts',
    'if (!isCurrent) await reload()',
    ''
  ),
  'tabs are not told of commits': edit(
    'src/engine/state/commits.ts',
    "    state.applyCommit(commit)\n    peers.post({ type: 'committed', commits: [commit] })\n",
    '    state.applyCommit(commit)\n'
  ),
  'what was sent counts as sent over the next connection': edit(
    'src/engine/sync/push.ts',
    'lost: () => sent.clear()',
    'lost: () => undefined'
  ),
  'a lost announcement is never noticed': edit(
    'src/server/sessions/replica/drift.ts',
    'if (seq > (positions.groups.get(groupID)?.upTo ?? seq)) await',
    'if (seq < 0) await'
  ),
  'an announcement need not continue': edit(
    'src/server/sessions/replica/announcements.ts',
    ' && from > 0 && position.upTo === from)',
    ' && from > 0)'
  ),
  'removed members are not told': edit(
    'src/server/sessions/replica/group-delta.ts',
    '    gone,\n    complete: false,\n    tips: [...tips]',
    '    gone: [],\n    complete: false,\n    tips: [...tips]'
  ),
  'a page of members of any moment is taken': edit(
    'src/engine/sync/merge-group.ts',
    'if (group?.membershipEpoch === membershipEpoch && group.seq === asOf && group.membersUpTo === after)',
    'if (group && group.membersUpTo !== null)'
  ),
  'an operation leaves the outbox when the next one is queued': edit(
    'src/engine/state/commits.ts',
    "{ table: 'outbox', scope: '', id: pending.opID, row: pending },\n",
    "{ table: 'outbox', scope: '', id: pending.opID, row: pending },\n          ...state.outbox.inOrder().slice(-2, -1).map(last => ({ table: 'outbox', scope: '', id: last.opID, row: null }) as const),\n"
  ),
  'a verdict leaves its operation in the outbox': edit(
    'src/engine/state/settle.ts',
    "  { table: 'outbox', scope: '', id: opID, row: null },\n",
    ''
  ),
  'the outbox is ordered by ID': edit('src/storage/tables.ts', 'a.order - b.order || ', ''),
  'who has left is told of the group': edit(
    'src/server/sessions/replica/reads.ts',
    'if (head > positions.feed) {',
    'if (head > positions.feed && !state.hasCaughtUp) {'
  ),
  'logout destroys what could not be read': edit(
    'src/engine/logout.ts',
    'const error = lifecycle.error()\n    if (error) return error\n    // Only storage knows the operations of a tab that died.\n    const failure = await lifecycle.answer(reload())\n    if (failure) return failure\n    tabs.flush()\n',
    ''
  ),
  // From here on: what the kind world of one connection, one build and honest users could not find.
  'what is announced during a read is dropped': edit(
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
    "const isOpen = application?.state === 'pending' && handlerID !== userID && handleMessage !== ''"
  ),
  'positions are looked up by name on an object': edit(
    'src/server/sessions/login.ts',
    'groups: new Map(groups.map(([groupID, membershipEpoch, seq]) => [groupID, { membershipEpoch, seq }]))',
    'groups: (found => ({ get: id => found[id] && (([membershipEpoch, seq]) => ({ membershipEpoch, seq }))(found[id]) }))(Object.fromEntries(groups.map(([id, ...position]) => [id, position])))'
  ),
  'an unknown event makes a frame bad': edit(
    'src/protocol/messages.ts',
    'v.check(({ kind }) => !eventKinds.includes(kind))',
    'v.check(({ kind }) => kind === undefined)'
  ),
  'an unknown message makes a frame bad': edit(
    'src/protocol/messages.ts',
    "v.check(({ type }) => type !== 'unknown' && !types.includes(type))",
    'v.check(({ type }) => type === undefined)'
  ),
  'back-off begins anew whenever all is caught up': edit(
    'src/engine/sync/retry.ts',
    "timers.start('steady', () => (failures = 0), steadyAfterMs)",
    '(failures = 0)'
  ),
  'a clock that jumps lets operations expire': edit(
    'src/engine/state/time.ts',
    'Math.max(0, Math.min(now() - pending.askedAtMs, certainNowMs() - pending.askedAtServerSeconds * 1000, byRun))',
    'Math.max(0, now() - pending.askedAtMs)'
  ),
  'a call waits for ever': {
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
  'no timer ends a session whose token has ended': edit(
    'src/server/sessions/expiry.ts',
    'stopTimer = setTimer(expire, Math.min(expiresAtMs - now(), timerMsMax))',
    'stopTimer = undefined'
  ),
  'what a frame has held is not released': edit(
    'src/server/sessions/budget.ts',
    '        held -= amount\n',
    ''
  ),
  'a judged operation is counted for ever': edit(
    'src/server/sessions/push.ts',
    '        countDown()\n        operationsWaiting--\n',
    '        operationsWaiting--\n'
  ),
  'a refused operation leaves rows': edit(
    'src/server/authority/write-batch.ts',
    'const rows = [...changed.members].map(',
    'const rows = [...changed.members, ...(batch.log.length === 0 ? batch.verdicts.map(({ userID }) => userID) : [])].map('
  ),
  'what a full socket does not take is dropped': edit(
    'src/server/sessions/sender.ts',
    '      await drained\n',
    '      return\n'
  ),
  'an HTTP answer that is lost is not noticed': edit(
    'src/protocol/transports/http.ts',
    'const { frames, isOver } = await read(await request([]))',
    'const { frames, isOver } = await request([]).then(read).catch(() => ({ frames: [], isOver: over.signal.aborted }))'
  ),
  'HTTP requests overtake each other': edit(
    'src/protocol/transports/http.ts',
    '      if (isSending) return\n',
    ''
  )
}

/** @param {string} file @param {string} find @param {string} replace */
function edit(file, find, replace) {
  return { edits: [{ file, find, replace }] }
}
