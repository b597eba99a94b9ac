/** The calls about attributes and counters of groups, with the arguments and results of the SDK. */

import type { Args } from '../kernel/decide.ts'
import type { IMResponse } from './im-error.ts'

/**
 * The calls about attributes and counters. Every member may change them, and `TIM.EVENT` has an
 * event for each change. Errors of all calls: 10004 for an argument or a limit, 10007 if the user
 * is not in the group, 10010 if there is no such group.
 */
export type TimEntryCalls = {
  /**
   * Replaces all attributes of a group. A group has up to 16. A key has 1 to 32 bytes, a value up
   * to 4 KiB, and all together up to 16 KiB.
   *
   * @example
   * await tim.initGroupAttributes({ groupID: 'crew', groupAttributes: { seat1: 'ann' } })
   */
  initGroupAttributes(options: {
    groupID: string
    groupAttributes: Readonly<Record<string, string>>
  }): Promise<IMResponse<{ groupAttributes: Record<string, string> }>>
  /**
   * Adds attributes, or replaces those of the same key.
   *
   * @example
   * await tim.setGroupAttributes({ groupID: 'crew', groupAttributes: { seat2: 'bob' } })
   */
  setGroupAttributes(options: {
    groupID: string
    groupAttributes: Readonly<Record<string, string>>
  }): Promise<IMResponse<{ groupAttributes: Record<string, string> }>>
  /**
   * Removes attributes, or all of them if `keyList` is empty. The answer has the removed keys.
   *
   * @example
   * const { keyList } = (await tim.deleteGroupAttributes({ groupID: 'crew', keyList: [] })).data
   */
  deleteGroupAttributes(
    options: Args<'deleteGroupAttributes'>
  ): Promise<IMResponse<{ keyList: string[] }>>
  /**
   * The attributes with these keys, or all of them. Answers from this device. The server answers app
   * admins about a group that they are not in: 2805 without a network.
   *
   * @example
   * const { groupAttributes } = (await tim.getGroupAttributes({ groupID: 'crew' })).data
   */
  getGroupAttributes(options: {
    groupID: string
    keyList?: readonly string[]
  }): Promise<IMResponse<{ groupAttributes: Record<string, string> }>>
  /**
   * Adds counters, or sets those of the same key. A group has up to 20. A key has 1 to 128 bytes. A
   * value is a safe integer.
   *
   * @example
   * await tim.setGroupCounters({ groupID: 'crew', counters: { likes: 0 } })
   */
  setGroupCounters(options: {
    groupID: string
    counters: Readonly<Record<string, number>>
  }): Promise<IMResponse<{ counters: Record<string, number> }>>
  /**
   * Adds to a counter. A new counter starts at 0. Increments of several devices add up, also those
   * made offline. The answer has the value on this device.
   *
   * @example
   * const like = { groupID: 'crew', key: 'likes', value: 1 }
   * const { value } = (await tim.increaseGroupCounter(like)).data
   */
  increaseGroupCounter(
    options: Args<'increaseGroupCounter'>
  ): Promise<
    IMResponse<{ groupID: string; key: string; value: number; counters: Record<string, number> }>
  >
  /**
   * Subtracts from a counter.
   *
   * @example
   * await tim.decreaseGroupCounter({ groupID: 'crew', key: 'likes', value: 1 })
   */
  decreaseGroupCounter(
    options: Args<'decreaseGroupCounter'>
  ): Promise<
    IMResponse<{ groupID: string; key: string; value: number; counters: Record<string, number> }>
  >
  /**
   * The counters with these keys, or all of them. Answers as `getGroupAttributes`.
   *
   * @example
   * const { counters } = (await tim.getGroupCounters({ groupID: 'crew', keyList: ['likes'] })).data
   */
  getGroupCounters(options: {
    groupID: string
    keyList?: readonly string[]
  }): Promise<IMResponse<{ counters: Record<string, number> }>>
}
