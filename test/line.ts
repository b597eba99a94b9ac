/** A line between clients and a server that a test can cut, or lead to another server. */

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export type Line = { readonly port: number; cut(): void; restore(): void; end(): void }

/** A port that forwards bytes to a server's port until the line is cut. */
export async function openLine(to: () => number): Promise<Line> {
  const open = new Set<Socket>()
  let isCut = false
  const line: Server = createServer(socket => {
    if (isCut) return socket.destroy()
    const onward = connect(to(), '127.0.0.1')
    for (const [one, other] of [
      [socket, onward],
      [onward, socket]
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>(resolve => line.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isCut = true
    for (const socket of open) socket.destroy()
  }
  return {
    // A server that listens on a port has such an address.
    port: (line.address() as AddressInfo).port,
    cut,
    restore() {
      isCut = false
    },
    end() {
      cut()
      line.close()
    }
  }
}
