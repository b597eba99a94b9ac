/** The services of WeChat, made of `wx`. */

import { createWeChatHost } from '../../storage/key-value/hosts/wechat.ts'
import type { Platform } from '../platform.ts'
import { platformsOf, type MiniProgramCalls } from './of-calls.ts'

export const weChat: (wx: MiniProgramCalls) => Platform = platformsOf(createWeChatHost)
