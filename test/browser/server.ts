/** Starts the real sync server for the browser tests. It issues userSigs and opens lines to cut. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TestProject } from 'vitest/node'
import { generateUserSig, startServer, type SyncServer } from 'offline-groups/server'
import { openLine, type Line } from '../line.ts'

/** Longer than any test's time, so that no token expires. */
const tokenSeconds = 30 * 86_400
const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const lines = new Map<number, Line>()
  const clocked = new Map<number, { server: SyncServer; now(): number; pass(ms: number): void }>()
  const answers: Record<string, (parameters: URLSearchParams) => string | Promise<string>> = {
    '/token': parameters => {
      const { now = Date.now } = clocked.get(Number(parameters.get('port'))) ?? {}
      return generateUserSig(app, {
        userID: parameters.get('userID') ?? '',
        now: now(),
        expireSeconds: tokenSeconds
      })
    },
    '/line': async parameters => {
      const line = await openLine(() => Number(parameters.get('to') ?? server.port))
      lines.set(line.port, line)
      return String(line.port)
    },
    // A separate server, because advancing the clock would expire the tokens of other tests.
    '/clocked': async parameters => {
      let offsetMs = Number(parameters.get('offsetMs'))
      const now = () => Date.now() + offsetMs
      const server = await startServer({ ...app, now })
      clocked.set(server.port, { server, now, pass: ms => (offsetMs += ms) })
      return String(server.port)
    },
    '/pass': parameters =>
      String(clocked.get(Number(parameters.get('port')))?.pass(Number(parameters.get('ms')))),
    '/cut': parameters => String(lines.get(Number(parameters.get('port')))?.cut()),
    '/restore': parameters => String(lines.get(Number(parameters.get('port')))?.restore()),
    '/notice': async parameters => {
      await server.sendGroupNotice({
        groupID: parameters.get('groupID') ?? '',
        userDefinedField: parameters.get('text') ?? ''
      })
      return ''
    }
  }
  const server = await startServer({
    ...app,
    appAdmins: ['app'],
    onRequest(request: IncomingMessage, response: ServerResponse) {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
      void Promise.resolve(answers[pathname]?.(searchParams)).then(answer =>
        response
          .writeHead(answer === undefined ? 404 : 200, { 'access-control-allow-origin': '*' })
          .end(answer)
      )
    }
  })
  project.provide('url', server.url)
  project.provide('workerDeaths', Number(process.env['WORKER_DEATHS'] ?? 15))
  return async () => {
    for (const line of lines.values()) line.end()
    await Promise.all(
      [server, ...[...clocked.values()].map(each => each.server)].map(each => each.close())
    )
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    url: string
    workerDeaths: number
  }
}
