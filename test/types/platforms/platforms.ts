/** The calls of three platforms, with their official types, fit the package. */

import { alipay, douyin, weChat, type Platform } from 'offline-groups/mini-program'

export const platforms: readonly Platform[] = [weChat(wx), alipay(my), douyin(tt)]

// @ts-expect-error: getStorage, setStorage, removeStorage and getStorageInfo are missing.
weChat({ connectSocket: wx.connectSocket })
