/** A key-value host over the storage of WeChat. */

import type { KeyValueHost } from '../host.ts'
import { createCallbackHost, type CallbackStorage } from './callbacks.ts'

/** https://developers.weixin.qq.com/miniprogram/dev/framework/ability/storage.html */
const limits = { bytesPerValue: 1_048_576, bytesInAll: 10_485_760 }

export const createWeChatHost = (wx: CallbackStorage): KeyValueHost =>
  createCallbackHost(wx, limits)
