import { fileURLToPath } from 'node:url'
import { expect, inject, onTestFinished, test } from 'vitest'
import { openPGlite } from 'offline-groups/server'
import { openLine } from '../line.ts'
import {
  caughtUp,
  fresh,
  goOffline,
  goOnline,
  groupRow,
  openDemo,
  outboxOf,
  select,
  submit
} from './page.ts'
import { filledFolder, startDemo } from './server.ts'

const crashingServer = fileURLToPath(new URL('./crashing-server.js', import.meta.url))

test('an operation takes effect once if the server dies after its commit', async () => {
  const folder = await filledFolder(inject('demo').filled)
  onTestFinished(folder.remove)
  const groupID = fresh('boat')
  const dying = await startDemo(
    { DEMO_DATA_DIR: folder.path, DIE_AFTER: `updateGroupProfile ${groupID}` },
    crashingServer
  )
  let server = dying
  // The page keeps the line's address: another process may hold the server's port by then.
  const line = await openLine(() => Number(new URL(server.url).port))
  onTestFinished(() => line.end())
  const { page, ann, bob } = await openDemo({ url: `http://localhost:${line.port}` })
  await caughtUp(ann, bob)
  await submit(ann, 'create-group', { name: 'Boat', groupID, type: 'Public', admins: 'bob' })
  await caughtUp(ann)
  const sequence = ann.getByTestId('infoSequence')
  await expect.poll(() => sequence.textContent()).toBe('1')

  await submit(ann, 'edit-profile', { name: 'Ship' })
  expect(await dying.ended).toBe('SIGKILL')
  await ann.getByTestId('next-retry').waitFor()
  await goOffline(ann)
  const [opID] = await page.evaluate(() => window.demo.ann.view.outbox.map(pending => pending.opID))
  expect(opID).toBeDefined()
  await groupRow(ann, 'Ship').waitFor()

  const restarted = await startDemo({ DEMO_DATA_DIR: folder.path })
  onTestFinished(restarted.stop)
  server = restarted
  // Ann's operation took effect without an answer. Sent again, it must not undo Bob's change.
  await caughtUp(bob)
  await select(bob, 'Ship')
  await expect.poll(() => bob.getByTestId('infoSequence').textContent()).toBe('2')
  await submit(bob, 'edit-profile', { name: 'Raft' })
  await caughtUp(bob)

  await goOnline(ann)
  await caughtUp(ann)
  expect(await outboxOf(ann)).toEqual([])
  await expect.poll(() => ann.getByTestId('group-name').textContent()).toBe('Raft')
  await expect.poll(() => sequence.textContent()).toBe('3')
  const settled = await page.evaluate(id => window.demo.ann.store.settled(id), String(opID))
  expect(settled).toMatchObject({ kind: 'applied', seq: 2 })
  await expect.poll(() => bob.getByTestId('infoSequence').textContent()).toBe('3')

  await restarted.stop()
  const sql = await openPGlite(folder.path)
  onTestFinished(sql.close)
  const countOf = (table: string, column: string) =>
    sql.withConnection(query =>
      query(`SELECT count(*)::int AS count FROM ${table} WHERE ${column} = $1`, [opID])
    )
  expect((await countOf('verdicts', 'op_id')).rows).toEqual([{ count: 1 }])
  expect((await countOf('log', `body->>'opID'`)).rows).toEqual([{ count: 1 }])
})

test('a worker killed right after a call resolved loses no operation', async () => {
  const { page, ann, bob } = await openDemo({ before: noteWorkers })
  await caughtUp(ann, bob)
  await goOffline(ann)
  const name = fresh('Canoe')
  const opIDs = await page.evaluate(async name => {
    const { store } = window.demo.ann
    const groupID = `canoe-${Date.now()}`
    const answers = [
      await store.apply('createGroup', {
        name: 'Raft',
        groupID,
        type: 'Public',
        memberList: [{ userID: 'bob' }]
      }),
      await store.apply('setGroupMemberRole', { groupID, userID: 'bob', role: 'Admin' }),
      await store.apply('updateGroupProfile', { groupID, name })
    ]
    // In the turn in which the last call resolved, so the worker can do nothing more.
    for (const worker of window.workers) worker.terminate()
    return answers.flatMap(answer => ('opID' in answer ? answer.opID : []))
  }, name)
  expect(opIDs).toHaveLength(3)

  await page.reload()
  await expect.poll(() => ann.getByTestId('outbox-entry').count()).toBe(3)
  expect(await page.evaluate(() => window.demo.ann.view.outbox.map(({ opID }) => opID))).toEqual(
    opIDs
  )
  await groupRow(ann, name).waitFor()

  // The page opens without its offline setting, so the operations are delivered.
  await page.evaluate(() => localStorage.clear())
  await page.reload()
  await caughtUp(ann, bob)
  await select(bob, name)
  await expect.poll(() => bob.getByTestId('own-role').textContent()).toBe('Admin')
})

declare global {
  interface Window {
    workers: Worker[]
  }
}

function noteWorkers(): void {
  window.workers = []
  window.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options)
      window.workers.push(this)
    }
  }
}
