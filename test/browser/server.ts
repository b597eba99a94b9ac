/** The real sync server, as browser tests find it: started once, giving out userSigs to whoever asks. */

import type { TestProject } from 'vitest/node'
import { generateUserSig, startServer } from 'offline-groups/server'

const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer({
    ...app,
    appAdmins: ['app'],
    onRequest(request, response) {
      const userID = new URL(request.url ?? '/', 'http://localhost').searchParams.get('userID') ?? ''
      response.writeHead(200, { 'access-control-allow-origin': '*' }).end(generateUserSig(app, { userID }))
    }
  })
  project.provide('url', server.url)
  return () => server.close()
}

declare module 'vitest' {
  interface ProvidedContext {
    url: string
  }
}
