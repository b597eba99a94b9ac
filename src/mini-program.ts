/** The store of a mini-program, and Tencent's API on it. */

import { openGroupStore } from './mini-program/open-store.ts'
import type { Platform } from './mini-program/platform.ts'
import { createEntryPoint } from './tim/entry-point.ts'

export * from './mini-program-store.ts'

/**
 * Makes Tencent's entry point on the services of a platform: `createTim(weChat(wx)).create({
 * SDKAppID, url })` returns the instance of an app.
 */
export const createTim = (platform: Platform) =>
  createEntryPoint(({ url, userID, token }, kept) =>
    openGroupStore({ url, userID, token, platform }, kept)
  )
