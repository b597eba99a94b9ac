/**
 * The built sync server on its embedded database, in a process of its own. It answers its parent's
 * questions about memory, event loop, sockets, timers and rows.
 *
 * CLOCK_FACTOR makes the server's clock, and its timers of a second or more, run faster, so that a
 * test waits seconds for limits of a minute.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'

const factor = Number(process.env.CLOCK_FACTOR ?? 1)
const faster = timer =>
  Object.assign(
    (callback, delayMs = 0, ...args) =>
      timer(callback, delayMs >= 1000 ? delayMs / factor : delayMs, ...args),
    timer
  )
globalThis.setTimeout = faster(globalThis.setTimeout)
globalThis.setInterval = faster(globalThis.setInterval)
const startedAtMs = Date.now()
const now = () => startedAtMs + (Date.now() - startedAtMs) * factor

const { openPGlite, openSqlDatabase, startServer } = await import('offline-groups/server')

const errors = []
let queries = 0
const sql = counting(await openPGlite())
const server = await startServer({
  ...JSON.parse(process.env.SERVER_OPTIONS),
  database: await openSqlDatabase(sql),
  now,
  onError: error => void errors.push(String(error?.stack ?? error))
})

function counting(opened) {
  return {
    ...opened,
    withConnection: work =>
      opened.withConnection(query =>
        work((...statement) => {
          queries++
          return query(...statement)
        })
      )
  }
}

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
const peak = { heapBytes: 0, externalBytes: 0, rssBytes: 0 }
const memory = () => {
  const { heapUsed, external, rss } = process.memoryUsage()
  const used = { heapBytes: heapUsed, externalBytes: external, rssBytes: rss }
  for (const name of Object.keys(peak)) peak[name] = Math.max(peak[name], used[name])
  return used
}
setInterval(memory, 50)

async function collectGarbage() {
  for (let round = 0; round < 4; round++) {
    globalThis.gc()
    await new Promise(resolve => setImmediate(resolve))
  }
}

const answers = {
  async report() {
    memory()
    await collectGarbage()
    const active = process.getActiveResourcesInfo()
    const count = type => active.filter(each => each === type).length
    return {
      ...memory(),
      peak: { ...peak },
      delayMs: {
        p50: delay.percentile(50) / 1e6,
        p99: delay.percentile(99) / 1e6,
        max: delay.max / 1e6
      },
      sockets: count('TCPSocketWrap'),
      timers: count('Timeout'),
      queries,
      errors: errors.slice(0, 1000)
    }
  },
  /** Forgets peaks, delays and errors. */
  async reset() {
    await collectGarbage()
    delay.reset()
    errors.length = 0
    queries = 0
    for (const name of Object.keys(peak)) peak[name] = 0
  },
  query: ({ text, params }) => sql.withConnection(async query => (await query(text, params)).rows),
  async close() {
    await server.close()
  }
}

process.on('message', async ({ id, kind, ...question }) => {
  try {
    process.send({ id, answer: await answers[kind](question) })
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) })
  }
  if (kind === 'close') process.exit(0)
})
process.on('disconnect', () => process.exit(1))
process.send({ port: server.port, url: server.url })
