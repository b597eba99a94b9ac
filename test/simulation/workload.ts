/** What users do: all operations, with arguments that mostly make sense and often collide with what others do. */

import type { OperationName } from '../../src/kernel/decide.ts'
import { groupTypes, joinOptions, remindTypes } from '../../src/kernel/model.ts'
import type { Device } from './device.ts'
import type { Tab } from './tab.ts'
import type { Random } from './random.ts'
import { membersOf } from './screen.ts'

export type Scene = { readonly users: readonly string[]; readonly groupIDs: readonly string[] }

/** How often each is asked for. */
const weights: Readonly<Record<OperationName, number>> = {
  createGroup: 6,
  updateGroupProfile: 14,
  joinGroup: 9,
  addGroupMember: 9,
  setGroupMemberRole: 6,
  setGroupMemberNameCard: 5,
  deleteGroupMember: 5,
  handleGroupApplication: 5,
  quitGroup: 4,
  changeGroupOwner: 3,
  setGroupMemberMuteTime: 3,
  setMessageRemindType: 3,
  setGroupMemberCustomField: 3,
  dismissGroup: 2
}
const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)

function chooseOperation(random: Random): OperationName {
  let left = random.below(total)
  for (const [name, weight] of Object.entries(weights))
    if ((left -= weight) < 0) return name as OperationName
  return 'updateGroupProfile'
}

function argumentsOf(
  name: OperationName,
  random: Random,
  { scene, tab, text }: { scene: Scene; tab: Tab; text: string }
): object {
  const { ids, rows } = tab.screen.groups
  const groupID =
    (random.chance(0.75) ? random.pickFrom(ids) : undefined) ??
    random.pickFrom(scene.groupIDs) ??
    ''
  const user = () => random.pickFrom(scene.users) ?? ''
  const maybe = <T>(value: T): T | undefined => (random.chance(0.4) ? value : undefined)
  const field = () => [{ key: random.pick(['a', 'b']), value: random.pick(['', text]) }]
  switch (name) {
    case 'createGroup':
      return {
        name: text,
        type: random.pick([...groupTypes, 'Public', 'Public']),
        groupID: random.chance(0.7) ? random.pickFrom(scene.groupIDs) : undefined,
        joinOption: maybe(random.pick(joinOptions)),
        maxMemberNum: random.chance(0.1) ? 2 : undefined,
        memberList: maybe([{ userID: user(), role: maybe('Admin') }])
      }
    case 'updateGroupProfile':
      return {
        groupID,
        name: text,
        joinOption: random.chance(0.2) ? random.pick(joinOptions) : undefined,
        groupCustomField: random.chance(0.2) ? field() : undefined
      }
    case 'joinGroup':
      return { groupID: random.pickFrom(scene.groupIDs), applyMessage: maybe(text) }
    case 'addGroupMember':
      return { groupID, userIDList: [user(), user()] }
    case 'deleteGroupMember':
      return { groupID, userIDList: [user()] }
    case 'setGroupMemberRole':
      return { groupID, userID: user(), role: random.pick(['Admin', 'Member']) }
    case 'setGroupMemberNameCard':
      return { groupID, userID: maybe(user()), nameCard: text }
    case 'setGroupMemberCustomField':
      return { groupID, userID: maybe(user()), memberCustomField: field() }
    case 'setGroupMemberMuteTime':
      return { groupID, userID: user(), muteTime: random.pick([0, 5, 60, 3600]) }
    case 'setMessageRemindType':
      return { groupID, messageRemindType: random.pick(remindTypes) }
    case 'handleGroupApplication': {
      const { notices } = tab.screen
      const open = [...notices.rows.values()].filter(({ application }) => application === 'pending')
      const notice = random.pickFrom(open)
      return {
        groupID: notice?.groupID ?? groupID,
        userID: notice?.operatorID ?? user(),
        handleAction: random.pick(['Agree', 'Agree', 'Reject'])
      }
    }
    case 'changeGroupOwner':
      return {
        groupID:
          random.pickFrom([...rows.values()].filter(row => row.selfInfo?.role === 'Owner'))
            ?.groupID ?? groupID,
        newOwnerID: user()
      }
    case 'quitGroup':
    case 'dismissGroup':
      return { groupID }
  }
}

/** Storage may refuse: the caller is told, and may ask again. */
const noted = () => undefined

/** One thing that a user does, and its name. */
export function act(
  random: Random,
  { scene, device, tab, count }: { scene: Scene; device: Device; tab: Tab; count: number }
): string {
  const { engine, screen } = tab
  const text = `n${count}`
  const operation = () => {
    const name = chooseOperation(random)
    const args = argumentsOf(name, random, { scene, tab, text })
    void device.apply(tab, name, args)
    return `${name} ${JSON.stringify(args)}`
  }
  const lottery = random.below(100)
  if (lottery < 62) return operation()
  // Several at once, before any of them has been answered.
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
  tab.isPaused = !tab.isPaused
  void (tab.isPaused ? engine.pause() : engine.resume())
  return tab.isPaused ? 'pauses' : 'resumes'
}
