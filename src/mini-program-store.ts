/** The store of a mini-program without Tencent's API. */

import type { GroupStore } from './client/group-store.ts'
import { openGroupStore, type GroupStoreOptions } from './mini-program/open-store.ts'

export type { KeyValueHost, KeyValueLimits } from './storage/key-value/host.ts'
export type { CallbackStorage } from './storage/key-value/hosts/callbacks.ts'
export { createLocalStorageHost, type WebStorage } from './storage/key-value/hosts/local-storage.ts'
export { createMemoryHost } from './storage/key-value/hosts/memory.ts'
export type { Connect, Link, LinkEvents } from './protocol/port.ts'
export type { GroupStore } from './client/group-store.ts'
export { isGroupError } from './engine/api.ts'
export { alipay } from './mini-program/platforms/alipay.ts'
export { douyin } from './mini-program/platforms/douyin.ts'
export type { MiniProgramCalls } from './mini-program/platforms/of-calls.ts'
export { weChat } from './mini-program/platforms/wechat.ts'
export type { GroupStoreOptions } from './mini-program/open-store.ts'
export type { Platform } from './mini-program/platform.ts'
export type { RequestCalls } from './mini-program/requests.ts'
export { connectSocket, type SocketCalls } from './mini-program/socket.ts'

/**
 * Opens the store of one user on the services of a platform, and returns at once. Its observables
 * and calls are those of `createGroupStore` in a browser. Open one store per user at a time.
 */
export const createGroupStore = (options: GroupStoreOptions): GroupStore =>
  openGroupStore(options, { keepUndelivered: false })
