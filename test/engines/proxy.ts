/** A server before the server under test: it adds the driver's script to the page. */

import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { inPage } from './in-page.ts'

export type Proxy = {
  readonly url: string
  /** The address of a module whose default export is the function of this source. */
  moduleOf(source: string): string
  close(): void
}

type Options = {
  /** The port of the server under test. It may change when that server is restarted. */
  readonly to: () => number
  /** Source that runs in each document before its own scripts. */
  readonly before: string | undefined
  readonly onPage: (socket: WebSocket) => void
}

const driverTag = '<script src="/drive/page.js"></script>'

export async function openProxy({ to, before = '', onPage }: Options): Promise<Proxy> {
  // `Object.assign`: a declaration would not be seen by the modules that the driver sends.
  const script = `${before};Object.assign(window, { driven: (${inPage.toString()})(address => import(address)) })`
  const modules: string[] = []

  function respond(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/'
    const module = /^\/drive\/(\d+)\.js$/.exec(path)?.[1]
    const own = path === '/drive/page.js' ? script : module && modules[Number(module)]
    if (path.startsWith('/drive/empty'))
      response.writeHead(200, { 'content-type': 'text/html' }).end(driverTag)
    else if (own !== undefined)
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(own)
    else forward(request, response)
  }

  /** Passes a request on. The page itself also gets the driver's script, before its own. */
  function forward(request: IncomingMessage, response: ServerResponse): void {
    const { method, url, headers } = request
    const onward = send({ port: to(), host: '127.0.0.1', method, path: url, headers }, answer => {
      const isPage = answer.headers['content-type']?.startsWith('text/html') ?? false
      if (!isPage) {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
        return
      }
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        // A page that may not be stored does not enter the back-forward cache.
        const { 'content-length': _, 'cache-control': __, ...others } = answer.headers
        const text = Buffer.concat(chunks).toString()
        const driven = text.replace('<head>', `<head>${driverTag}`)
        response.writeHead(answer.statusCode ?? 500, others).end(driven)
      })
    })
    // Expected: the server under test is stopped.
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  }

  const sockets = new WebSocketServer({ noServer: true })
  const open = new Set<Socket>()
  const server = createServer(respond)
  server.on('connection', socket => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.url === '/drive') sockets.handleUpgrade(request, socket, head, onPage)
    else tunnel(request, socket, head)
  })

  /** Passes a WebSocket on as bytes. */
  function tunnel(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const onward = connect(to(), '127.0.0.1')
    const lines = request.rawHeaders.map((text, index) => text + (index % 2 ? '\r\n' : ': '))
    onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('')}\r\n`)
    onward.write(head)
    onward.pipe(socket).pipe(onward)
    // Expected: either side ends, or the server under test is stopped.
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('error', () => onward.destroy()).on('close', () => onward.destroy())
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    moduleOf(source) {
      const index = modules.indexOf(source)
      return `/drive/${index < 0 ? modules.push(source) - 1 : index}.js`
    },
    close() {
      for (const socket of open) socket.destroy()
      server.close()
    }
  }
}
