/** The world of a seed: its users and groups, the frequencies of faults, and the conditions. */

import { faultNames } from './faults.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** The conditions. `--world links,names` forces exactly these. */
export const conditionNames = [
  'links',
  'proxies',
  'http',
  'pool',
  'builds',
  'tokens',
  'storage',
  'names',
  'crafter',
  'lockless',
  'entries'
] as const
export type Condition = (typeof conditionNames)[number]
export type Conditions = ReadonlySet<Condition>

const conditionChance = 0.3

/** Faults that happen only under a condition. */
const conditionOf: Readonly<Record<string, Condition>> = {
  'storage emptied': 'storage',
  'storage gone': 'storage',
  'storage hangs': 'storage'
}

export function drawSwarm(world: World, forced: Conditions | undefined) {
  const random = world.random('swarm')
  // Drawn apart, so that a condition forced by hand leaves the rest of the seed as it is.
  const lots = world.random('conditions')
  // The seeds in `planted.js` are older than these two: their own lots leave the others alone.
  const entryLots = world.random('entries')
  const quotaLots = world.random('quota')
  const drawn = conditionNames.filter(name =>
    (name === 'entries' ? entryLots : lots).chance(conditionChance)
  )
  const conditions: Conditions = forced ?? new Set(drawn)
  const chosen = faultNames
    .filter(name => (name === 'quota exhausted' ? quotaLots : random).chance(0.4))
    .filter(name => conditionOf[name] === undefined || conditions.has(conditionOf[name]))
  return {
    conditions,
    users: ['u0', 'u1', 'u2', 'u3'].slice(0, 2 + random.below(3)),
    groupCount: 1 + random.below(4),
    faults: chosen,
    faultRate: random.pick([0, 0.05, 0.15, 0.3]),
    chaos: random.chance(0.25),
    tokenMs: random.chance(0.3) ? 20_000 + random.below(300_000) : 1e12,
    // Bursts with pauses, because a race shows only if no later change mends it.
    gapMs: conditions.has('pool')
      ? random.pick([1, 5, 30, 100])
      : random.pick([5, 30, 100, 400, 1500]),
    lull: conditions.has('pool') ? random.pick([0.03, 0.1]) : random.pick([0, 0.005, 0.02]),
    lullMs: conditions.has('pool') ? 20_000 : 60_000,
    chanceOfSecondDevice: () => random.chance(0.3),
    policy: {
      suppressTips: lots.pick(['none', 'tencent'] as const),
      adminsCanKick: lots.chance(0.3)
    },
    names: conditions.has('names') ? hostileNames(lots) : plainNames
  } as const
}

export type Names = { user(label: string): string; group(label: string): string }
const plainNames: Names = { user: label => label, group: label => label }

/** Names of properties that every object has, and the longest allowed names. */
const hostileIDs = [
  'constructor',
  '__proto__',
  'toString',
  'valueOf',
  'prototype',
  'hasOwnProperty',
  '"',
  '/ / /',
  '%00',
  '~'
]

function hostileNames(random: Random): Names {
  const chosen = new Map<string, string>()
  const choose = (label: string, lengthMax: number) => {
    const free = [...hostileIDs, 'x'.repeat(lengthMax)].filter(
      id => ![...chosen.values()].includes(id)
    )
    const id = chosen.get(label) ?? random.pickFrom(free) ?? label
    chosen.set(label, id)
    return id
  }
  return { user: label => choose(label, 32), group: label => choose(label, 48) }
}
