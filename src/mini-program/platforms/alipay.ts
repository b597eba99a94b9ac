/** The services of Alipay, made of `my`. */

import { createAlipayHost } from '../../storage/key-value/hosts/alipay.ts'
import type { Platform } from '../platform.ts'
import { platformOf, type MiniProgramCalls } from './of-calls.ts'

export const alipay = (my: MiniProgramCalls): Platform => platformOf(my, createAlipayHost(my))
