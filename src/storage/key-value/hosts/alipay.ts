/** A key-value host over the storage of Alipay. */

import type { KeyValueHost } from '../host.ts'
import { createCallbackHost, type CallbackStorage } from './callbacks.ts'

/** https://opendocs.alipay.com/mini/api/eocm6v */
const limits = { bytesPerValue: 204_800, bytesInAll: 10_485_760 }

export const createAlipayHost = (my: CallbackStorage): KeyValueHost =>
  createCallbackHost(my, limits)
