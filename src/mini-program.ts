/** The store of a mini-program, and Tencent's API on it. */

import { openGroupStore } from './mini-program/open-store.ts'
import type { Platform } from './mini-program/platform.ts'
import { createEntryPoint } from './tim/entry-point.ts'

export { createGroupStore } from './mini-program-store.ts'
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
export { connectSocket, type SocketCalls } from './mini-program/socket.ts'

/**
 * Makes Tencent's entry point on the services of a platform: `createTim(weChat(wx)).create({
 * SDKAppID, url })` returns the instance of an app.
 */
export const createTim = (platform: Platform) =>
  createEntryPoint(({ url, userID, token }, kept) =>
    openGroupStore({ url, userID, token, platform }, kept)
  )
