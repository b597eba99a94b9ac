/** A line to the server that brings so many bytes per second to the client and no more. */

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export async function openSlowLine(port: number, { bytesPerSecond }: { bytesPerSecond: number }) {
  const open = new Set<Socket>()
  const relay = createServer(client => {
    const server = connect({ port, host: '127.0.0.1' })
    // The system holds the rest, until the server may write no more.
    const timer = setInterval(() => {
      const bytes: unknown = server.read(Math.min(bytesPerSecond, server.readableLength))
      if (bytes instanceof Buffer) client.write(bytes)
    }, 1000)
    client.pipe(server)
    server.once('close', () => client.end())
    client.once('close', () => server.destroy())
    for (const socket of [client, server]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        open.delete(socket)
        clearInterval(timer)
      })
    }
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  return {
    port: (relay.address() as AddressInfo).port,
    close() {
      for (const socket of open) socket.destroy()
      relay.close()
    }
  }
}
