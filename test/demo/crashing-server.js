/**
 * The demo's server that dies at the worst moment: when the operation named by DIE_AFTER
 * (`name groupID`) is committed and no answer has been sent.
 */

import { openPGlite, openSqlDatabase, startServer } from 'offline-groups/server'
import { app, appAdmins } from '../../dist/demo/app.js'
import { respond } from '../../dist/demo/respond.js'

const { PORT, DEMO_DATA_DIR, DIE_AFTER } = process.env
const database = await openSqlDatabase(await openPGlite(DEMO_DATA_DIR))

async function transaction(work) {
  const judged = []
  const result = await database.transaction(tx =>
    work({
      ...tx,
      write(writes) {
        judged.push(...writes.verdicts.map(({ name }) => `${name} ${writes.groupID}`))
        return tx.write(writes)
      }
    })
  )
  if (judged.includes(DIE_AFTER)) process.kill(process.pid, 'SIGKILL')
  return result
}

const server = await startServer({
  ...app,
  appAdmins,
  port: Number(PORT),
  database: { ...database, transaction },
  onRequest: respond
})
console.log(`Offline Groups demo: http://localhost:${server.port}`)
