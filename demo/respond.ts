/** The HTTP server of the page: the built files, and the tokens of its users. */

import { readdirSync, readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateUserSig } from 'offline-groups/server'
import { app, users } from './app.ts'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml'
}

// Read once, so that a requested path never becomes the name of a file.
const files = new Map(
  filesIn(fileURLToPath(new URL('./page/', import.meta.url))).map(({ path, file }) => [
    path.replace(/index\.html$/, ''),
    { type: contentTypes[extname(file)] ?? 'application/octet-stream', body: readFileSync(file) }
  ])
)

export const respond: RequestListener = (request, response) => {
  const [pathname = '/', query] = (request.url ?? '/').split('?')
  const answer = (status: number, type: string, body: string | Buffer) =>
    response
      .writeHead(status, {
        'content-type': type,
        // `no-store` would keep the page out of the browser's back-forward cache.
        'cache-control': type === 'text/plain' ? 'no-store' : 'no-cache',
        'x-content-type-options': 'nosniff'
      })
      .end(request.method === 'HEAD' ? undefined : body)

  const file = files.get(pathname)
  const userID = users.find(user => user === new URLSearchParams(query).get('userID'))
  if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'text/plain', 'Only GET.')
  else if (file) answer(200, file.type, file.body)
  else if (pathname === '/token' && userID)
    answer(200, 'text/plain', generateUserSig(app, { userID }))
  else answer(404, 'text/plain', 'Nothing here.')
}

function filesIn(folder: string): { path: string; file: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => {
      const file = join(entry.parentPath, entry.name)
      return { file, path: `/${relative(folder, file).split(sep).join('/')}` }
    })
}
