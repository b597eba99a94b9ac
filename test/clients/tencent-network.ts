/**
 * Keeps Tencent's SDK from Tencent's servers. Requests fail, and its socket is one in this page,
 * that answers each command as a test says.
 */

type Body = Readonly<Record<string, unknown>>
type Frame = { readonly head: { readonly servcmd: string; readonly seq: number } }

const isLocal = (address: string | URL) =>
  ['127.0.0.1', 'localhost'].includes(new URL(address, location.href).hostname)
const nowhere = 'http://127.0.0.1:1/'

/** By the name of a command, for example `im_open_status.wslogin`. */
export type Answer = (command: string) => Body

export function replaceNetwork(answer: Answer): void {
  const { WebSocket, Worker, fetch } = globalThis
  const { open } = XMLHttpRequest.prototype

  globalThis.fetch = (address, options) =>
    fetch(address instanceof Request || isLocal(address) ? address : nowhere, options)
  XMLHttpRequest.prototype.open = function (this: XMLHttpRequest, method: string, address: string) {
    open.call(this, method, isLocal(address) ? address : nowhere, true)
  }
  // The SDK opens its socket in a worker if it can.
  globalThis.Worker = class extends Worker {
    constructor(address: string | URL, options?: WorkerOptions) {
      if (String(address).startsWith('blob:')) throw new Error('no worker for the SDK')
      super(address, options)
    }
  }
  globalThis.WebSocket = new Proxy(WebSocket, {
    construct: (_target, [address]: [string | URL]) =>
      isLocal(address) ? new WebSocket(address) : createSocket(answer)
  })
}

function createSocket(answer: Answer): object {
  const socket = {
    readyState: 0,
    extensions: '',
    onopen: (_event: object) => undefined,
    onmessage: (_event: { data: ArrayBuffer }) => undefined,
    send(data: ArrayBuffer) {
      const { head } = JSON.parse(new TextDecoder().decode(data)) as Frame
      const frame = { head: { ...head, ver: 'v4', errorcode: 0 }, body: answer(head.servcmd) }
      const bytes = new TextEncoder().encode(JSON.stringify(frame))
      setTimeout(() => socket.onmessage({ data: bytes.buffer }))
    },
    close: () => undefined
  }
  setTimeout(() => {
    socket.readyState = 1
    socket.onopen({})
  })
  return socket
}
