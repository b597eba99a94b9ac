import type { MiniProgramCalls } from 'offline-groups/mini-program'

export const connectSocket: MiniProgramCalls['connectSocket']
