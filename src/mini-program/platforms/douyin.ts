/** The services of Douyin, made of `tt`. */

import { createDouyinHost } from '../../storage/key-value/hosts/douyin.ts'
import type { Platform } from '../platform.ts'
import { platformsOf, type MiniProgramCalls } from './of-calls.ts'

export const douyin: (tt: MiniProgramCalls) => Platform = platformsOf(createDouyinHost)
