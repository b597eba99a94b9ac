/**
 * The platforms of the suite: three dialects on a host of this repository, and two libraries that
 * others have written.
 */

import {
  alipay,
  douyin,
  weChat,
  type MiniProgramCalls,
  type Platform
} from 'offline-groups/mini-program'
import { inject } from 'vitest'
import { createPlatform, dialects } from '../../storage/key-value/platform.ts'

/** Calls that outlive a store, like the storage of a device. */
export type HostUnderTest = {
  readonly name: string
  /** The calls of a new process. They use the same storage. */
  load(): Promise<() => Platform>
}

const dialect = (
  name: 'wx' | 'my' | 'tt',
  platformOf: (calls: MiniProgramCalls) => Platform
): HostUnderTest => ({
  name: `the ${name} dialect`,
  load: async () => {
    const storage = createPlatform(dialects[name])
    return () => platformOf({ ...storage, connectSocket: socketsOf[name] })
  }
})

const library = (name: 'taro' | 'mpx'): HostUnderTest => ({
  name,
  async load() {
    const noLibraries = inject('noLibraries')
    if (noLibraries) throw new Error(noLibraries)
    const address = `/dist/conformance/${name}.js`
    const calls = (await import(/* @vite-ignore */ address)) as MiniProgramCalls
    return () => weChat({ ...calls })
  }
})

export const hosts: readonly HostUnderTest[] = [
  dialect('wx', weChat),
  dialect('my', alipay),
  dialect('tt', douyin),
  library('taro'),
  library('mpx')
]

type SocketOptions = Parameters<MiniProgramCalls['connectSocket']>[0]
type SendOptions = { data: string; success(): void; fail(): void }

const open = ({ url }: SocketOptions, wrapped: (data: unknown) => { data: unknown }) => {
  const socket = new WebSocket(url)
  return {
    send({ data, success }: SendOptions) {
      socket.send(data)
      // A second send before this answer would be lost on some devices.
      setTimeout(success, 1)
    },
    close: () => socket.close(),
    onOpen: (callback: () => void) => socket.addEventListener('open', callback),
    onMessage: (callback: (message: { data: unknown }) => void) =>
      socket.addEventListener('message', ({ data }) => callback(wrapped(data))),
    onClose: (callback: () => void) => socket.addEventListener('close', callback),
    onError: (callback: () => void) => socket.addEventListener('error', callback)
  }
}

const socketsOf: Readonly<Record<'wx' | 'my' | 'tt', MiniProgramCalls['connectSocket']>> = {
  wx: options => open(options, data => ({ data })),
  // Without `multiple` there is no task. The data of a message is wrapped once more.
  my: options =>
    options.multiple ? open(options, data => ({ data: { data, isBuffer: false } })) : undefined,
  tt: options => open(options, data => ({ data }))
}
