/** A key-value host over the storage of Douyin. */

import type { KeyValueHost } from '../host.ts'
import { createCallbackHost, type CallbackStorage } from './callbacks.ts'

/** From the documentation of `tt.setStorage`. */
const limits = { bytesPerValue: 1_048_576, bytesInAll: 10_485_760 }

export const createDouyinHost = (tt: CallbackStorage): KeyValueHost =>
  createCallbackHost(tt, limits)
