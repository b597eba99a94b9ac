/** Every limit with its unit; bytes are UTF-8 bytes. Source: the seed page, and `tim-groups.md` §4.1 where it is silent. */

import type { GroupType, OrOther } from './model.ts'

export const limits = {
  nameBytesMax: 30,
  introductionBytesMax: 240,
  notificationBytesMax: 300,
  avatarBytesMax: 100,
  applyMessageBytesMax: 300,
  reasonBytesMax: 300,
  handleMessageBytesMax: 300,
  nameCardBytesMax: 50,
  muteSecondsMax: 4_294_967_295,
  groupIDBytesMax: 48,
  userIDBytesMax: 32,
  // Tencent's documents say 16; the seed page's own sample has a key of 17, and the seed wins.
  customFieldKeyBytesMax: 32,
  groupCustomFieldsMax: 20,
  groupCustomFieldBytesMax: 512,
  memberCustomFieldsMax: 5,
  memberCustomFieldBytesMax: 64,
  accountsPerCallMax: 500
} as const

/** The default and the upper bound of `maxMemberNum`. An AVChatRoom has no limit: the largest 32-bit number stands for it. */
export const memberNumMax: Record<GroupType, number> = {
  Private: 200,
  Public: 2000,
  ChatRoom: 6000,
  AVChatRoom: 4_294_967_295
}

/** What an installation may set for itself. The server tells its clients, so that both judge alike. */
export type Policy = {
  /** Whether admins may remove common members. The seed: only the owner may. */
  readonly adminsCanKick: boolean
  /** How many groups a user may be in. */
  readonly groupsPerUserMax: number
  /** Which group tips are left out: none, as in the seed, or those that Tencent's service leaves out. */
  readonly suppressTips: OrOther<'none' | 'tencent'>
  /** The custom fields that exist, and who may write them; any, by whoever may write the row, when not given. */
  readonly customFields?: CustomFieldPolicy
}

/** Who may write a field: who has at least this role. */
export type WriteLevel = 'App' | 'Owner' | 'Admin' | 'Member'

export type FieldPolicy = { readonly key: string; readonly write: OrOther<WriteLevel> }

/** Lists, because users choose the keys that are looked up in them. */
export type CustomFieldPolicy = {
  readonly group: readonly FieldPolicy[]
  /** `ownWrite`: whether members may write their own. */
  readonly member: readonly (FieldPolicy & {
    readonly type: OrOther<GroupType>
    readonly ownWrite: boolean
  })[]
}

export const defaultPolicy: Policy = {
  adminsCanKick: false,
  groupsPerUserMax: 3000,
  suppressTips: 'none'
}

// Not TextEncoder: mini-programs have none.
export function utf8Length(text: string): number {
  let length = 0
  for (const character of text) {
    // The iterator yields at least one unit.
    const point = character.codePointAt(0) as number
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return length
}
