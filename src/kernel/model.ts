/** The rows of a group, their keys, and the changes that an operation makes to them. */

/** A known word, or a word of another build, which is kept and shown as it is. */
export type OrOther<Word extends string> = Word | (string & {})
export const isOneOf = <Word extends string>(words: readonly Word[], word: string): word is Word =>
  (words as readonly string[]).includes(word)
/** Like `Object.hasOwn`, which older engines of mini-programs lack. */
export const hasOwn = (object: object, key: string): boolean =>
  Object.prototype.hasOwnProperty.call(object, key)
/** Like `Array.prototype.at(-1)`, which older engines of mini-programs lack. */
export const lastOf = <T>(list: readonly T[]): T | undefined => list[list.length - 1]
/** Reads only own keys of a table: every object inherits `constructor`. */
export const lookUp = <V>(table: Readonly<Record<string, V>>, word: string): V | undefined =>
  hasOwn(table, word) ? table[word] : undefined

export const groupTypes = ['Private', 'Public', 'ChatRoom', 'AVChatRoom'] as const
/** `AVChatRoom`: an audio-video chat room without a list of its members. */
export type GroupType = (typeof groupTypes)[number]

export const joinOptions = ['FreeAccess', 'NeedPermission', 'DisableApply'] as const
/** How users join: at once, after an admin has agreed to their application, or not at all. */
export type JoinOption = (typeof joinOptions)[number]

export const roles = ['Owner', 'Admin', 'Member'] as const
/** A group has one owner. Only a Public group or a ChatRoom can have admins. */
export type Role = (typeof roles)[number]

/** An attribute, a counter or a custom field: a value under a key that users choose. */
export type Entry<V> = { readonly key: string; readonly value: V }
/** A custom field of a group or a member, or an attribute of a group. */
export type CustomField = Entry<string>

/** A group's profile. Times are in seconds, by the server's clock. */
export type GroupRow = {
  readonly groupID: string
  readonly type: OrOther<GroupType>
  readonly name: string
  readonly avatar: string
  readonly introduction: string
  readonly notification: string
  /** `''` when the owner of a Private group has quit. */
  readonly ownerID: string
  readonly createTime: number
  /** When the profile last changed. */
  readonly lastInfoTime: number
  /** Rises by one with each change of the profile. */
  readonly infoSequence: number
  readonly memberNum: number
  readonly maxMemberNum: number
  readonly joinOption: OrOther<JoinOption>
  readonly muteAllMembers: boolean
  readonly groupCustomField: readonly CustomField[]
}

/** One user's membership of one group. Times are in seconds, by the server's clock. */
export type MemberRow = {
  readonly groupID: string
  readonly userID: string
  readonly role: OrOther<Role>
  readonly joinTime: number
  readonly nameCard: string
  /** `0`: not muted. */
  readonly muteUntil: number
  readonly memberCustomField: readonly CustomField[]
}

export const applicationStates = ['pending', 'agreed', 'refused', 'replaced'] as const
/** The state of an application. `replaced`: by a later application of the same user. */
export type ApplicationState = (typeof applicationStates)[number]

/** An application to join a group with NeedPermission. A user has one per group, the latest. */
export type ApplicationRow = {
  readonly groupID: string
  readonly userID: string
  /** Its position in the group's log. Identifies an application of a user. 0 in a prediction. */
  readonly seq: number
  readonly applyMessage: string
  readonly applyTime: number
  readonly state: OrOther<ApplicationState>
  /** The author of the decision. `''`: pending. */
  readonly handlerID: string
  readonly handleMessage: string
}

export const remindTypes = ['AcceptAndNotify', 'AcceptNotNotify', 'Discard'] as const
/** How a user receives the messages of a group: with notification, without it, or not at all. */
export type RemindType = (typeof remindTypes)[number]

/** Settings of one user for one group. Other users do not get them. */
export type SettingsRow = {
  readonly groupID: string
  readonly userID: string
  readonly messageRemindType: OrOther<RemindType>
}

/** The end of a user's mute, also while outside the group: leaving and joining ends no mute. */
type MuteRow = {
  readonly groupID: string
  readonly userID: string
  readonly muteUntil: number
}

/** A user who was removed may not join before this time in seconds. */
type BanRow = {
  readonly groupID: string
  readonly userID: string
  readonly until: number
}

/** The marked members of an AVChatRoom, by mark. Only the server keeps it, and answers from it. */
export type MarksRow = {
  readonly groupID: string
  readonly marks: readonly { readonly markType: number; readonly userIDList: readonly string[] }[]
}

/** The attributes of a group. Its members set them, and only members see them. */
export type AttributesRow = { readonly groupID: string; readonly entries: readonly Entry<string>[] }
export type CountersRow = { readonly groupID: string; readonly entries: readonly Entry<number>[] }
export type EntriesRow = AttributesRow | CountersRow

export type Rows = {
  groups: GroupRow
  members: MemberRow
  applications: ApplicationRow
  settings: SettingsRow
  mutes: MuteRow
  bans: BanRow
  marks: MarksRow
  attributes: AttributesRow
  counters: CountersRow
}
export type Table = keyof Rows
export const entriesTables = ['attributes', 'counters'] as const
export type EntriesTable = (typeof entriesTables)[number]

/**
 * The key of a row. Rows of one group share a scope, the group's ID, and can be dropped together.
 * Rows of `groups` share the scope `''`.
 */
export type Key<T extends Table = Table> = {
  readonly table: T
  readonly scope: string
  readonly id: string
}

/** A change of one row. `null` removes it. Removing a group removes all rows of its scope. */
export type Change<T extends Table = Table> = {
  [K in T]: Key<K> & { readonly row: Rows[K] | null }
}[T]

/** The row of a new member. */
export const newMember = (
  member: Pick<MemberRow, 'groupID' | 'userID' | 'joinTime'> & Partial<MemberRow>
): MemberRow => ({
  role: 'Member',
  nameCard: '',
  muteUntil: 0,
  memberCustomField: [],
  ...member
})

export const groupKey = (groupID: string): Key<'groups'> => ({
  table: 'groups',
  scope: '',
  id: groupID
})

type InGroup = { readonly groupID: string; readonly userID: string }
export const memberKey = ({ groupID, userID }: InGroup): Key<'members'> => ({
  table: 'members',
  scope: groupID,
  id: userID
})

export const applicationKey = ({ groupID, userID }: InGroup): Key<'applications'> => ({
  table: 'applications',
  scope: groupID,
  id: userID
})
export const settingsKey = ({ groupID, userID }: InGroup): Key<'settings'> => ({
  table: 'settings',
  scope: groupID,
  id: userID
})
export const muteKey = ({ groupID, userID }: InGroup): Key<'mutes'> => ({
  table: 'mutes',
  scope: groupID,
  id: userID
})

export const banKey = ({ groupID, userID }: InGroup): Key<'bans'> => ({
  table: 'bans',
  scope: groupID,
  id: userID
})

/** A group has one row in each of these tables, so the ID of the row is empty. */
export const marksKey = (groupID: string): Key<'marks'> => ({
  table: 'marks',
  scope: groupID,
  id: ''
})
export const entriesKey = <T extends EntriesTable>(table: T, groupID: string): Key<T> => ({
  table,
  scope: groupID,
  id: ''
})

export const putGroup = (row: GroupRow): Change<'groups'> => ({ ...groupKey(row.groupID), row })
export const dropGroup = (groupID: string): Change<'groups'> => ({
  ...groupKey(groupID),
  row: null
})
export const putMember = (row: MemberRow): Change<'members'> => ({ ...memberKey(row), row })
export const dropMember = (row: MemberRow): Change<'members'> => ({ ...memberKey(row), row: null })
export const putApplication = (row: ApplicationRow): Change<'applications'> => ({
  ...applicationKey(row),
  row
})
export const putSettings = (row: SettingsRow): Change<'settings'> => ({ ...settingsKey(row), row })
export const putMute = (row: MuteRow): Change<'mutes'> => ({ ...muteKey(row), row })
export const putBan = (row: BanRow): Change<'bans'> => ({ ...banKey(row), row })
export const putMarks = (row: MarksRow): Change<'marks'> => ({ ...marksKey(row.groupID), row })

/** Sets entries by key. The keys are data, so they are keys of a Map. */
export const setEntries = <V>(
  entries: readonly Entry<V>[],
  updates: readonly Entry<V>[]
): readonly Entry<V>[] =>
  [...new Map([...entries, ...updates].map(({ key, value }) => [key, value]))].map(
    ([key, value]) => ({ key, value })
  )

/** Merges custom fields by key. An empty value removes a field. */
export function mergeFields(
  fields: readonly CustomField[],
  updates: readonly CustomField[]
): readonly CustomField[] {
  return setEntries(fields, updates).filter(({ value }) => value !== '')
}

/** Whether two rows of one table have equal fields. */
export function sameRow<R extends Rows[Table]>(a: R, b: R): boolean {
  const names = Object.keys(a) as (keyof R)[]
  return (
    names.length === Object.keys(b).length &&
    names.every(name => a[name] === b[name] || JSON.stringify(a[name]) === JSON.stringify(b[name]))
  )
}
