/** Operations, and the causes of refusals, as sentences. */

import type { Args, Cause, OperationName, PendingOperation } from 'offline-groups'
import { enumerate, plain, quoted, span, time } from './text.ts'

const sentences: { readonly [N in OperationName]: (args: Args<N>) => string } = {
  createGroup: ({ name, type = 'Private', memberList = [] }) => {
    const created = `create ${quoted(name)} (${type})`
    if (memberList.length === 0) return created
    return `${created} with ${enumerate(memberList.map(({ userID }) => userID))}`
  },
  updateGroupProfile: ({ groupID: _, name, muteAllMembers, ...others }) =>
    [
      ...(name === undefined ? [] : [`rename to ${quoted(name)}`]),
      ...(muteAllMembers === undefined
        ? []
        : [muteAllMembers ? 'mute everybody' : 'unmute everybody']),
      ...Object.keys(others).map(field => `change the ${fieldNames[field] ?? field}`)
    ].join(', ') || 'change nothing',
  joinGroup: () => 'join',
  quitGroup: () => 'leave',
  dismissGroup: () => 'dismiss the group',
  changeGroupOwner: ({ newOwnerID }) => `hand the group over to ${plain(newOwnerID)}`,
  handleGroupApplication: ({ userID, handleAction }) =>
    `${handleAction === 'Agree' ? 'let in' : 'turn away'} ${plain(userID)}`,
  setMessageRemindType: ({ messageRemindType }) => `set notifications to ${messageRemindType}`,
  addGroupMember: ({ userIDList }) => `add ${enumerate(userIDList)}`,
  deleteGroupMember: ({ userIDList }) => `remove ${enumerate(userIDList)}`,
  setGroupMemberRole: ({ userID, role }) =>
    `make ${plain(userID)} ${role === 'Admin' ? 'an admin' : 'a plain member'}`,
  setGroupMemberMuteTime: ({ userID, muteTime }) =>
    muteTime > 0 ? `mute ${plain(userID)} for ${span(muteTime)}` : `unmute ${plain(userID)}`,
  setGroupMemberNameCard: ({ nameCard, userID }) =>
    `set ${ownerOf(userID)} name card to ${quoted(nameCard)}`,
  setGroupMemberCustomField: ({ userID }) => `set ${ownerOf(userID)} custom fields`,
  markGroupMemberList: ({ userIDList, markType, enableMark }) =>
    `${enableMark ? 'mark' : 'unmark'} ${enumerate(userIDList)} with ${markType}`,
  initGroupAttributes: () => 'replace the attributes of the group',
  setGroupAttributes: ({ groupAttributes }) => `set the attributes ${keysOf(groupAttributes)}`,
  deleteGroupAttributes: ({ keyList }) =>
    keyList.length === 0 ? 'remove all attributes' : `remove the attributes ${enumerate(keyList)}`,
  setGroupCounters: ({ counters }) => `set the counters ${keysOf(counters)}`,
  increaseGroupCounter: ({ key, value }) => `add ${value} to the counter ${quoted(key)}`,
  decreaseGroupCounter: ({ key, value }) => `take ${value} from the counter ${quoted(key)}`
}

const keysOf = (entries: readonly { readonly key: string }[]): string =>
  enumerate(entries.map(({ key }) => key))

const ownerOf = (userID: string | undefined): string =>
  userID === undefined ? 'your' : `${plain(userID)}’s`

export const fieldNames: Readonly<Record<string, string>> = {
  introduction: 'introduction',
  notification: 'notification',
  avatar: 'avatar',
  maxMemberNum: 'member limit',
  joinOption: 'way to join',
  groupCustomField: 'custom fields'
}

/** The operation as the end of a sentence “you wanted to …”. */
export function sentence({ name, args }: Pick<PendingOperation, 'name' | 'args'>): string {
  // Operations in the store have passed the checks of their arguments.
  const words = (Object.hasOwn(sentences, name) ? sentences[name as OperationName] : undefined) as
    ((args: PendingOperation['args']) => string) | undefined
  return words ? words(args) : plain(name)
}

const causes: Readonly<Record<string, (by: string, at: string) => string>> = {
  quit: (_by, at) => `you left the group at ${at}`,
  kicked: (by, at) => `you were removed by ${by} at ${at}`,
  dismissed: (by, at) => `the group was dismissed by ${by} at ${at}`,
  demoted: (by, at) => `your admin role was taken by ${by} at ${at}`,
  predecessor: () => 'an earlier operation was refused'
}

export function causeSentence({ reason, by, atSeconds }: Cause): string {
  // A newer server may have more causes.
  const words = Object.hasOwn(causes, reason) ? causes[reason] : undefined
  return words
    ? words(plain(by), time(atSeconds * 1000))
    : `of “${plain(reason)}” by ${plain(by)} at ${time(atSeconds * 1000)}`
}
