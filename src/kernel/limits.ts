/** Every limit with its unit. Bytes are UTF-8 bytes. The numbers are Tencent's. */

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
  banSecondsMax: 4_294_967_295,
  groupIDBytesMax: 48,
  userIDBytesMax: 32,
  // Tencent's documents say 16, but their own sample has a key of 17.
  customFieldKeyBytesMax: 32,
  groupCustomFieldsMax: 20,
  groupCustomFieldBytesMax: 512,
  memberCustomFieldsMax: 5,
  memberCustomFieldBytesMax: 64,
  accountsPerCallMax: 500,
  /** At its creation, an AVChatRoom may have more. */
  updatedMaxMemberNum: 6000,
  markTypeMin: 1000,
  markTypeMax: 4_294_967_295,
  marksMax: 10,
  membersPerMarkMax: 1000,
  countersMax: 20,
  counterKeyBytesMax: 128,
  attributesMax: 16,
  attributeKeyBytesMax: 32,
  attributeBytesMax: 4096,
  /** Keys and values together. */
  attributesBytesMax: 16_384
} as const

/** For an AVChatRoom, the 32-bit maximum means no limit. */
const noMemberLimit = 4_294_967_295

export const maxMemberNumDefault: Record<GroupType, number> = {
  Private: 200,
  Public: 2000,
  ChatRoom: 6000,
  AVChatRoom: noMemberLimit
}

export const maxMemberNumMax: Record<GroupType, number> = {
  Private: 6000,
  Public: 6000,
  ChatRoom: 6000,
  AVChatRoom: noMemberLimit
}

/** Options of an installation. The server sends them to its clients, so that both judge alike. */
export type Policy = {
  /** Whether admins may remove common members. Default: only the owner may. */
  readonly adminsCanKick: boolean
  /** How many groups a user may be in: at most 10,000. */
  readonly groupsPerUserMax: number
  /** Which group tips are left out: none, or those that Tencent's service leaves out. */
  readonly suppressTips: OrOther<'none' | 'tencent'>
  /** The custom fields that exist, with write levels. Absent: every key exists. */
  readonly customFields?: CustomFieldPolicy
}

/** The lowest role that may write a field. */
export type WriteLevel = 'App' | 'Owner' | 'Admin' | 'Member'

/** A declared custom field, and the lowest role that may write it. */
export type FieldPolicy = { readonly key: string; readonly write: OrOther<WriteLevel> }

/**
 * The declared custom fields. They are lists, not objects, because users choose the keys, and
 * every object inherits `constructor`.
 */
export type CustomFieldPolicy = {
  readonly group: readonly FieldPolicy[]
  /** `ownWrite`: whether members may write their own field. */
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
