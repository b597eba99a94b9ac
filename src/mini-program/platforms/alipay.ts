/** The services of Alipay, made of `my`. */

import { createAlipayHost } from '../../storage/key-value/hosts/alipay.ts'
import type { Platform } from '../platform.ts'
import { platformsOf, type MiniProgramCalls } from './of-calls.ts'

export const alipay: (my: MiniProgramCalls) => Platform = platformsOf(createAlipayHost)
