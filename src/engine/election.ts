/**
 * The election of the leader among the tabs of a user: the states of one tab, as a pure machine.
 * leadership.ts carries out its effects.
 *
 *                lock granted, or silence without locks              claimed
 *   following ─────────────────────────────────────────▶ claiming ───────────▶ leading
 *     ▲  ▲                                                  │                     │
 *     │  └────────────────── lock lost ─────────────────────┘                     │
 *     │  └──────── lock lost, commit fenced, a beat of a higher term ─────────────┘
 *   retired: closing, or without storage. Every state can retire.
 *
 * The stored term decides which tab is the leader. Lock and silence only say when a tab claims it.
 * Both can be wrong: a frozen tab keeps its lock, and a slow one stays silent. A claim while
 * another tab leads is still safe, because the commits of the other tab are fenced (commits.ts).
 *
 * Time is counted in ticks of this tab. While a device sleeps, no tab ticks and none loses
 * patience.
 */

export type Election = {
  readonly hasLocks: boolean
  readonly role: 'following' | 'claiming' | 'leading' | 'retired'
  /** The highest term that this tab knows. While it leads, this is its own. */
  readonly term: number
  /** It holds the lock. Without locks: storage has refused its claim, and it claims again. */
  readonly mayClaim: boolean
  /** Follower: ticks without a beat. Leader: ticks since its last beat. */
  readonly silentTicks: number
  /** After so many silent ticks the follower attempts to lead. */
  readonly attemptAtTick: number
  /** Ticks between attempts. A failed attempt doubles them, because storage may be slow. */
  readonly patience: number
  /** Ticks to wait before a claim. Tabs without contact must not depose each other in turns. */
  readonly restTicks: number
  /** Other tabs are open, so a leader has to post beats. */
  readonly hasPeers: boolean
}

export type ElectionEvent =
  | { readonly type: 'join' | 'granted' | 'lost' | 'tick' | 'attempt' | 'refused' | 'retire' }
  /** Without locks: the page of a tab has closed, perhaps of the leader. */
  | { readonly type: 'pageClosed' }
  /** Another tab leads with this term. */
  | { readonly type: 'beat'; readonly term: number }
  /** The leader of this term has stepped down. */
  | { readonly type: 'vacant'; readonly term: number }
  | { readonly type: 'claimed'; readonly term: number }
  /** A commit has read this term in storage in place of its own. 0: no term is stored. */
  | { readonly type: 'fenced'; readonly term: number }
  | { readonly type: 'peer' }

/** `attempt`: leadership.ts has to send that event after a random part of `withinMs`. */
export type ElectionEffect =
  | 'wait for lock'
  | 'steal lock'
  | 'release lock'
  | 'claim'
  | 'lead'
  | 'stop'
  | 'beat'
  | 'announce vacancy'
  | { readonly attempt: true; readonly afterMs: number; readonly withinMs: number }

export const tickMs = 1000
/** A leader beats every 2 s, so it has missed two beats. */
const silentTicksMax = 5
const patienceMax = 40
const ticksPerBeat = 2

const attempt = (afterMs: number, withinMs: number): ElectionEffect => ({
  attempt: true,
  afterMs,
  withinMs
})
/** Without locks, a leader answers a greeting much sooner than this. */
const firstAttempt = attempt(250, 250)
/** The leader has ended. The first of several followers claims, and the others receive its beat. */
const attemptAfterVacancy = attempt(0, 200)
const attemptAfterSilence = attempt(0, 1000)

/** There was a leader a moment ago. */
const calm = { silentTicks: 0, attemptAtTick: silentTicksMax, patience: silentTicksMax }

export const newElection = (hasLocks: boolean): Election => ({
  hasLocks,
  role: 'retired',
  term: 0,
  mayClaim: false,
  ...calm,
  restTicks: 0,
  hasPeers: false
})

/** Whether the leader has been silent for so long that its state is unknown. */
export const isSilent = ({ role, silentTicks }: Election): boolean =>
  role === 'following' && silentTicks >= silentTicksMax

type Step = { readonly election: Election; readonly effects: readonly ElectionEffect[] }

export function elect(election: Election, event: ElectionEvent): Step {
  const { role } = election
  if (event.type === 'retire') return retire(election)
  if (role === 'retired') return event.type === 'join' ? join(election) : stay(election)
  if (event.type === 'granted') return granted(election)
  if (event.type === 'lost') return lost(election)
  if (role === 'following') return follow(election, event)
  return role === 'claiming' ? claim(election, event) : lead(election, event)
}

const stay = (election: Election, ...effects: ElectionEffect[]): Step => ({ election, effects })

function join(election: Election): Step {
  const { hasLocks, term, restTicks } = election
  const following = { ...newElection(hasLocks), role: 'following', term, restTicks } as const
  if (hasLocks) return stay(following, 'wait for lock')
  return stay({ ...following, attemptAtTick: 0 }, firstAttempt)
}

function retire(election: Election): Step {
  if (election.role === 'retired') return stay(election)
  const effects: readonly ElectionEffect[] =
    election.role === 'leading' ? ['stop', 'announce vacancy', 'release lock'] : ['release lock']
  return stay({ ...election, role: 'retired', mayClaim: false }, ...effects)
}

function granted(election: Election): Step {
  const held = { ...election, mayClaim: true }
  return election.role === 'following' ? claimUnlessResting(held) : stay(held)
}

function claimUnlessResting(election: Election): Step {
  if (election.restTicks > 0) return stay(election)
  return stay({ ...election, role: 'claiming', silentTicks: 0 }, 'claim')
}

/** Another tab has stolen the lock, so it is about to claim. */
function lost(election: Election): Step {
  const effects: readonly ElectionEffect[] =
    election.role === 'leading' ? ['stop', 'wait for lock'] : ['wait for lock']
  return stay(followingAgain(election), ...effects)
}

const followingAgain = (election: Election): Election => ({
  ...election,
  role: 'following',
  mayClaim: false,
  silentTicks: 0,
  attemptAtTick: election.patience
})

function follow(election: Election, event: ElectionEvent): Step {
  if (event.type === 'tick') return followerTick(election)
  if (event.type === 'attempt') return attemptToLead(election)
  if (event.type === 'pageClosed') return stay({ ...election, attemptAtTick: 0 }, firstAttempt)
  // A leader that was deposed does not know it yet.
  if (!('term' in event) || event.term < election.term) return stay(election)
  const mayClaim = election.hasLocks && election.mayClaim
  if (event.type === 'beat')
    return stay({ ...election, ...calm, term: event.term, mayClaim, restTicks: 0 })
  // With locks, the next tab gets the lock by itself.
  if (event.type !== 'vacant' || election.hasLocks) return stay(election)
  return stay({ ...election, attemptAtTick: 0 }, attemptAfterVacancy)
}

function followerTick(election: Election): Step {
  const silentTicks = election.silentTicks + 1
  const restTicks = Math.max(0, election.restTicks - 1)
  const ticked = { ...election, silentTicks, restTicks }
  if (ticked.mayClaim) return claimUnlessResting(ticked)
  return silentTicks === election.attemptAtTick ? stay(ticked, attemptAfterSilence) : stay(ticked)
}

/** A beat may have arrived since the attempt was planned. */
function attemptToLead(election: Election): Step {
  const { silentTicks, attemptAtTick, patience, hasLocks, mayClaim } = election
  if (mayClaim || silentTicks < attemptAtTick) return stay(election)
  const attempted = {
    ...election,
    attemptAtTick: silentTicks + patience,
    patience: Math.min(patienceMax, 2 * patience)
  }
  return hasLocks ? stay(attempted, 'steal lock') : claimUnlessResting(attempted)
}

function claim(election: Election, event: ElectionEvent): Step {
  if (event.type === 'claimed')
    return stay({ ...election, role: 'leading', term: event.term, silentTicks: 0 }, 'lead', 'beat')
  // The lock stays with this tab. `mayClaim` makes the next tick repeat the claim.
  if (event.type === 'refused')
    return stay({ ...followingAgain(election), mayClaim: true, restTicks: 1 })
  return event.type === 'beat'
    ? stay({ ...election, term: Math.max(election.term, event.term) })
    : stay(election)
}

function lead(election: Election, event: ElectionEvent): Step {
  if (event.type === 'tick') return leaderTick(election)
  if (event.type === 'peer') return beat({ ...election, hasPeers: true })
  if (event.type === 'beat' && event.term > election.term) return deposed(election, event.term)
  // The other tab is deposed. It learns that from the next beat. If this tab has just posted one,
  // the other tab receives it soon. A leader without peers posts no beats, so it posts one now.
  if (event.type === 'beat' && event.term < election.term) {
    const isAnswered = election.hasPeers && election.silentTicks === 0
    const withPeers = { ...election, hasPeers: true }
    return isAnswered ? stay(withPeers) : beat(withPeers)
  }
  const isFenced = event.type === 'fenced' && event.term !== election.term
  return isFenced ? deposed(election, event.term) : stay(election)
}

const beat = (election: Election): Step => stay({ ...election, silentTicks: 0 }, 'beat')

function leaderTick(election: Election): Step {
  const silentTicks = election.silentTicks + 1
  const isDue = silentTicks >= ticksPerBeat && election.hasPeers
  return isDue ? beat(election) : stay({ ...election, silentTicks })
}

function deposed(election: Election, byTerm: number): Step {
  const isByAnother = byTerm > election.term
  return stay(
    {
      ...followingAgain({ ...election, ...calm }),
      term: Math.max(election.term, byTerm),
      // If storage was emptied, no other tab leads, so this tab claims again at once.
      restTicks: isByAnother ? silentTicksMax : 0
    },
    'stop',
    'release lock',
    'wait for lock'
  )
}
