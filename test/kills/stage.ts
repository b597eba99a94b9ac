/** The server, the page and the user of trials that end a browser by force. */

import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { pathToFileURL, fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import {
  generateUserSig,
  openPGlite,
  openSqlDatabase,
  startServer,
  type Sql
} from 'offline-groups/server'

// Run from a bundle as well, so relative to the folder of the package.
const root = pathToFileURL(`${process.cwd()}/`)
const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
const userID = 'ann'
export const groupIDs = ['crew-0', 'crew-1', 'crew-2', 'crew-3']

export type Stage = Awaited<ReturnType<typeof openStage>>

export async function openStage() {
  const sql = await openPGlite()
  const server = await startServer({
    ...app,
    database: await openSqlDatabase(sql),
    onRequest: await servePage()
  })
  return {
    userID,
    token: () => generateUserSig(app, { userID }),
    to: () => server.port,
    /** Of these operations, the ones that the server has judged. */
    async judged(opIDs: readonly string[]): Promise<Set<string>> {
      const { rows } = await sql.withConnection(query =>
        query('SELECT op_id FROM verdicts WHERE user_id = $1 AND op_id = ANY($2)', [userID, opIDs])
      )
      return new Set((rows as { op_id: string }[]).map(row => row.op_id))
    },
    countDoubled: () => countDoubled(sql),
    close: () => server.close()
  }
}

/** Operations with more than one entry in the log. */
async function countDoubled(sql: Sql): Promise<number> {
  const { rows } = await sql.withConnection(query =>
    query(`SELECT body->>'opID' FROM log GROUP BY 1 HAVING count(*) > 1`)
  )
  return rows.length
}

const path = (relative: string) => fileURLToPath(new URL(relative, root))

/** The page, bundled with the built package, and the worker as it ships. */
async function servePage(): Promise<RequestListener> {
  const bundle = await rolldown({
    input: path('test/kills/page.ts'),
    platform: 'browser',
    resolve: { alias: { 'offline-groups': path('dist/src/index.js') } },
    logLevel: 'warn'
  })
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false })
  const files: Readonly<Record<string, [type: string, body: string]>> = {
    '/': [
      'text/html',
      '<!doctype html><head></head><script type="module" src="/page.js"></script>'
    ],
    '/page.js': ['text/javascript', output[0].code],
    '/worker.js': ['text/javascript', readFileSync(path('dist/src/worker.js'), 'utf8')]
  }
  return (request, response) => {
    const [type, body] = files[request.url ?? ''] ?? []
    if (type === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': type }).end(body)
  }
}
