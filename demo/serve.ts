/** The demo in one process: the sync server with its embedded database, the page, and the seed. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { startServer } from 'offline-groups/server'
import { app, appAdmins } from './app.ts'
import { respond } from './respond.ts'
import { seed } from './seed.ts'

const { PORT = '8787', DEMO_DATA_DIR, NO_OPEN, CI, DISPLAY, WAYLAND_DISPLAY } = process.env

const server = await startServer({
  ...app,
  appAdmins,
  port: await freePort(Number(PORT)),
  dataDir: DEMO_DATA_DIR ?? fileURLToPath(new URL('../../.demo-data', import.meta.url)),
  onRequest: respond
}).catch((error: Error) => {
  // Expected: another demo runs on the same data.
  console.error(error.message)
  process.exit(1)
})

let stopping: Promise<void> | undefined
const stop = () => void (stopping ??= server.close().then(() => process.exit()))
process.on('SIGINT', stop)
process.on('SIGTERM', stop)

await seed(server.url)
const address = `http://localhost:${server.port}`
console.log(`Offline Groups demo: ${address}`)
if (!CI && !NO_OPEN) openBrowser(address)

/** The port, or 0 for any free port if it is in use. */
async function freePort(port: number): Promise<number> {
  const probe = createServer().listen(port, '127.0.0.1')
  try {
    await once(probe, 'listening')
  } catch {
    // Expected: the port is in use.
    console.log(`Port ${port} is in use. The demo uses another one.`)
    return 0
  }
  probe.close()
  await once(probe, 'close')
  return port
}

function openBrowser(url: string): void {
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY) return
  const openers: Partial<Record<NodeJS.Platform, [command: string, ...args: string[]]>> = {
    darwin: ['open', url],
    win32: ['cmd', '/c', 'start', '', url]
  }
  const [command, ...args] = openers[process.platform] ?? ['xdg-open', url]
  const opener = spawn(command, args, { detached: true, stdio: 'ignore' })
  // Expected: there is no browser to open. The address is printed anyway.
  opener.on('error', () => undefined)
  opener.unref()
}
