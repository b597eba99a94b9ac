/** The actions of users: all operations, mostly valid and often in conflict with others. */

import type { OperationName } from '../../src/kernel/decide.ts'
import { groupTypes, joinOptions, remindTypes } from '../../src/kernel/model.ts'
import type { Device } from './device.ts'
import type { Tab } from './tab.ts'
import type { Random } from './random.ts'
import { membersOf } from './screen.ts'

export type Scene = {
  readonly users: readonly string[]
  readonly groupIDs: readonly string[]
  /** Whether users also change attributes and counters, mark members, and keep users out of rooms. */
  readonly hasEntries: boolean
}

/** The random choices for the arguments of an operation. */
type Choices = {
  readonly random: Random
  readonly scene: Scene
  readonly tab: Tab
  readonly text: string
  readonly groupID: string
  user(): string
  maybe<T>(value: T): T | undefined
  field(): readonly object[]
}
type Work = { readonly weight: number; args(choices: Choices): object }

type EntryOperation =
  | `${'init' | 'set' | 'delete'}GroupAttributes`
  | 'setGroupCounters'
  | `${'increase' | 'decrease'}GroupCounter`
  | 'markGroupMemberList'

const incremented = ({ random, groupID }: Choices) => ({
  groupID,
  key: random.pick(['a', '__proto__']),
  value: 1 + random.below(9)
})

/**
 * The frequency and the arguments of each operation. A changed weight shifts all random choices, so
 * the seeds in `planted.js` no longer find their bugs. `npm run simulate:planted` prints others.
 */
const works: Readonly<Record<Exclude<OperationName, EntryOperation>, Work>> = {
  createGroup: {
    weight: 6,
    args: ({ random, scene, text, user, maybe }) => ({
      name: text,
      type: random.pick([...groupTypes, 'Public', 'Public']),
      groupID: random.chance(0.7) ? random.pickFrom(scene.groupIDs) : undefined,
      joinOption: maybe(random.pick(joinOptions)),
      maxMemberNum: random.chance(0.1) ? 2 : undefined,
      memberList: maybe([{ userID: user(), role: maybe('Admin') }])
    })
  },
  updateGroupProfile: {
    weight: 14,
    args: ({ random, text, groupID, field }) => ({
      groupID,
      name: text,
      joinOption: random.chance(0.2) ? random.pick(joinOptions) : undefined,
      groupCustomField: random.chance(0.2) ? field() : undefined
    })
  },
  joinGroup: {
    weight: 9,
    args: ({ random, scene, text, maybe }) => ({
      groupID: random.pickFrom(scene.groupIDs),
      applyMessage: maybe(text)
    })
  },
  addGroupMember: {
    weight: 9,
    args: ({ groupID, user }) => ({ groupID, userIDList: [user(), user()] })
  },
  setGroupMemberRole: {
    weight: 6,
    args: ({ random, groupID, user }) => ({
      groupID,
      userID: user(),
      role: random.pick(['Admin', 'Member'])
    })
  },
  setGroupMemberNameCard: {
    weight: 5,
    args: ({ groupID, text, user, maybe }) => ({ groupID, userID: maybe(user()), nameCard: text })
  },
  deleteGroupMember: {
    weight: 5,
    args: ({ random, scene, groupID, user }) => ({
      groupID,
      userIDList: [user()],
      // Drawn only here, so that the seeds of scenes without entries do not shift.
      duration: scene.hasEntries && random.chance(0.4) ? 5 : undefined
    })
  },
  handleGroupApplication: {
    weight: 5,
    args({ random, tab, groupID, user }) {
      const { notices } = tab.screen
      const open = [...notices.rows.values()].filter(({ application }) => application === 'pending')
      const notice = random.pickFrom(open)
      return {
        groupID: notice?.groupID ?? groupID,
        userID: notice?.operatorID ?? user(),
        handleAction: random.pick(['Agree', 'Agree', 'Reject'])
      }
    }
  },
  quitGroup: { weight: 4, args: ({ groupID }) => ({ groupID }) },
  changeGroupOwner: {
    weight: 3,
    args({ random, tab, groupID, user }) {
      const rows = [...tab.screen.groups.rows.values()]
      const own = random.pickFrom(rows.filter(row => row.selfInfo?.role === 'Owner'))
      return { groupID: own?.groupID ?? groupID, newOwnerID: user() }
    }
  },
  setGroupMemberMuteTime: {
    weight: 3,
    args: ({ random, groupID, user }) => ({
      groupID,
      userID: user(),
      muteTime: random.pick([0, 5, 60, 3600])
    })
  },
  setMessageRemindType: {
    weight: 3,
    args: ({ random, groupID }) => ({ groupID, messageRemindType: random.pick(remindTypes) })
  },
  setGroupMemberCustomField: {
    weight: 3,
    args: ({ groupID, user, maybe, field }) => ({
      groupID,
      userID: maybe(user()),
      memberCustomField: field()
    })
  },
  dismissGroup: { weight: 2, args: ({ groupID }) => ({ groupID }) }
}

/** Operations on attributes, counters and marks: only under the condition `entries`. */
const entryWorks: Readonly<Record<EntryOperation, Work>> = {
  initGroupAttributes: {
    weight: 1,
    args: ({ groupID, field }) => ({ groupID, groupAttributes: field() })
  },
  setGroupAttributes: {
    weight: 4,
    args: ({ groupID, field }) => ({ groupID, groupAttributes: field() })
  },
  deleteGroupAttributes: {
    weight: 1,
    args: ({ random, groupID }) => ({ groupID, keyList: random.pick([[], ['a'], ['b', 'c']]) })
  },
  setGroupCounters: {
    weight: 1,
    args: ({ random, groupID }) => ({ groupID, counters: [{ key: 'a', value: random.below(9) }] })
  },
  increaseGroupCounter: { weight: 4, args: incremented },
  decreaseGroupCounter: { weight: 2, args: incremented },
  markGroupMemberList: {
    weight: 2,
    args: ({ random, groupID, user }) => ({
      groupID,
      userIDList: [user(), user()],
      markType: 1000 + random.below(2),
      enableMark: random.chance(0.7)
    })
  }
}
const allWorks: Readonly<Record<OperationName, Work>> = { ...works, ...entryWorks }

function chooseOperation(random: Random, { hasEntries }: Scene): OperationName {
  const table = hasEntries && random.chance(0.3) ? entryWorks : works
  const total = Object.values(table).reduce((sum, { weight }) => sum + weight, 0)
  let left = random.below(total)
  for (const [name, { weight }] of Object.entries(table))
    if ((left -= weight) < 0) return name as OperationName
  return 'updateGroupProfile'
}

function argumentsOf(
  name: OperationName,
  random: Random,
  { scene, tab, text }: { scene: Scene; tab: Tab; text: string }
): object {
  const groupID =
    (random.chance(0.75) ? random.pickFrom(tab.screen.groups.ids) : undefined) ??
    random.pickFrom(scene.groupIDs) ??
    ''
  return allWorks[name].args({
    random,
    scene,
    tab,
    text,
    groupID,
    user: () => random.pickFrom(scene.users) ?? '',
    maybe: value => (random.chance(0.4) ? value : undefined),
    field: () => [{ key: random.pick(['a', 'b']), value: random.pick(['', text]) }]
  })
}

/** Expected: storage refuses. The caller gets the error and can retry. */
const noted = () => undefined

/** Does one action of a user. Returns its name. */
export function act(
  random: Random,
  { scene, device, tab, count }: { scene: Scene; device: Device; tab: Tab; count: number }
): string {
  const { engine, screen } = tab
  const text = `n${count}`
  const operation = () => {
    const name = chooseOperation(random, scene)
    const args = argumentsOf(name, random, { scene, tab, text })
    void device.apply(tab, name, args)
    return `${name} ${JSON.stringify(args)}`
  }
  const lottery = random.below(100)
  if (lottery < 62) return operation()
  // Three at once, before the first is answered.
  if (lottery < 68) return [operation(), operation(), operation()].join(' + ')
  const verdict = random.pickFrom(screen.verdicts.ids)
  const groupID = random.pickFrom(screen.groups.ids) ?? random.pickFrom(scene.groupIDs) ?? ''
  if (lottery < 73) {
    if (verdict !== undefined) device.within(tab, 'dismissVerdict', engine.dismissVerdict(verdict))
    return `dismisses ${verdict}`
  }
  if (lottery < 76) {
    if (verdict !== undefined) void device.retry(tab, verdict).catch(noted)
    return `retries ${verdict}`
  }
  if (lottery < 78) {
    const row = screen.verdicts.rows.get(verdict ?? '')
    if (row)
      void device
        .retry(tab, row.opID, {
          ...row.args,
          ...(row.name === 'updateGroupProfile' && { name: text })
        })
        .catch(noted)
    return `revises ${row?.opID}`
  }
  if (lottery < 86) {
    screen.open(membersOf(groupID))
    screen.open({ kind: 'group', groupID })
    return `looks at ${groupID}`
  }
  if (lottery < 91) {
    screen.close(membersOf(groupID))
    return `looks away from ${groupID}`
  }
  if (lottery < 93) {
    if (random.chance(0.5)) screen.open({ kind: 'tips', groupID })
    else screen.close({ kind: 'tips', groupID })
    return `tips of ${groupID}`
  }
  if (lottery < 95) {
    const number = [...device.disk.table('undelivered').values()].map(arrival => arrival.number)
    void engine.delivered(Math.max(0, ...number)).catch(noted)
    return 'hands on'
  }
  if (lottery < 97) {
    device.within(tab, 'preview', engine.preview('updateGroupProfile', { groupID, name: text }))
    device.within(tab, 'readProfile', engine.readProfile(groupID, random.chance(0.5)))
    return `asks about ${groupID}`
  }
  return device.pauseOrResume(tab)
}
