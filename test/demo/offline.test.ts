import { expect, test } from 'vitest'
import {
  caughtUp,
  changeMember,
  drawn,
  fresh,
  goOffline,
  goOnline,
  groupRow,
  openDemo,
  outboxOf,
  roleOf,
  select,
  shownBy,
  submit
} from './page.ts'

test('an offline operation survives a reload and is delivered once online', async () => {
  const { page, ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  await goOffline(ann)
  const [boat, ship] = [fresh('Boat'), fresh('Ship')]
  await submit(ann, 'create-group', { name: boat, type: 'Public', members: 'bob' })
  await submit(ann, 'edit-profile', { name: ship })
  await changeMember(ann, 'bob', 'set-role')

  await page.reload()
  expect(await ann.getByTestId('offline').isChecked()).toBe(true)
  await groupRow(ann, ship).click()
  await drawn(ann)
  await groupRow(ann, ship).locator('.clock').waitFor()
  await expect.poll(() => roleOf(ann, 'bob')).toBe('admin')
  await expect.poll(() => ann.getByTestId('pending').textContent()).toBe('3 waiting')
  const sentences = await outboxOf(ann)
  expect(sentences[0]).toContain(`create “${boat}” (Public) with bob — waiting`)
  expect(sentences[1]).toContain(`rename to “${ship}” — waiting`)
  expect(sentences[2]).toContain('make bob an admin — waiting')
  // Bob's round trip to the server shows that nothing of ann's has arrived.
  await caughtUp(bob)
  await submit(bob, 'create-group', { name: fresh('Tug') })
  await caughtUp(bob)
  expect(await groupRow(bob, ship).count()).toBe(0)
  expect(await ann.getByTestId('pending').textContent()).toBe('3 waiting')

  await goOnline(ann)
  await caughtUp(ann)
  expect(await outboxOf(ann)).toEqual([])
  await select(bob, ship)
  await expect.poll(() => bob.getByTestId('own-role').textContent()).toBe('Admin')
  await expect.poll(() => bob.getByTestId('ownerID').textContent()).toBe('ann')
  await expect.poll(() => roleOf(bob, 'ann')).toBe('owner')
})

test('an edit in a dismissed group is refused with code and cause', async () => {
  const { page, ann, bob } = await openDemo()
  const groupID = fresh('zoo')
  await submit(ann, 'create-group', {
    name: `The ${groupID}`,
    groupID,
    type: 'Public',
    admins: 'bob',
    members: 'mia.berg'
  })
  await caughtUp(ann)
  await select(bob, groupID)
  await goOffline(ann)
  await goOffline(bob)
  await changeMember(ann, 'bob', 'remove-member', {})
  await submit(bob, 'edit-profile', { name: 'Bob’s zoo' })
  await groupRow(bob, 'Bob’s zoo').waitFor()

  await goOnline(ann)
  await caughtUp(ann)
  await goOnline(bob)
  await caughtUp(bob)

  const verdict = bob.getByTestId('verdict')
  await expect.poll(() => verdict.textContent()).toContain('Refused: rename to “Bob’s zoo”')
  expect(await verdict.getByTestId('code').textContent()).toMatch(/^\d+ \w+$/)
  expect(await verdict.getByTestId('cause').textContent()).toMatch(
    /^Because you were removed by ann at \d\d:\d\d\.$/
  )
  await groupRow(bob, 'zoo').waitFor({ state: 'detached' })
  await bob.getByTestId('not-in-group').waitFor()

  // A new device shows the state of the server.
  const newcomer = await openDemo()
  const truth = await shownBy(newcomer.page, 'ann', groupID)
  expect(truth?.profile).toMatchObject({ name: `The ${groupID}`, memberNum: 2 })
  expect(await shownBy(page, 'ann', groupID)).toEqual(truth)
  expect(await shownBy(page, 'bob', groupID)).toBeNull()
  expect(await shownBy(newcomer.page, 'bob', groupID)).toBeNull()
  // Notices and verdicts stay, the group's rows go. The next checkpoint removes them from the disk.
  const kept = async () =>
    new Set((await recordsAbout(page, 'bob', groupID)).map(({ table }) => table))
  await expect.poll(kept).toEqual(new Set(['notices', 'verdicts']))

  await verdict.getByTestId('dismiss-verdict').click()
  await verdict.waitFor({ state: 'detached' })
  await expect.poll(kept).toEqual(new Set(['notices']))
  await page.reload()
  await caughtUp(bob)
  expect(await verdict.count()).toBe(0)
})

test('offline in one tab is offline in all of them', async () => {
  const { page, ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const second = await page.context().newPage()
  await second.goto(page.url())
  await caughtUp(second.getByTestId('ann'))
  await goOffline(second.getByTestId('ann'))
  await expect.poll(() => ann.getByTestId('connection').textContent()).toBe('offline')
  const name = fresh('Kayak')
  await submit(second.getByTestId('ann'), 'create-group', { name, type: 'Public', members: 'bob' })
  await groupRow(ann, name).waitFor()
  await expect.poll(() => outboxOf(ann)).toHaveLength(1)
  await goOnline(ann)
  await caughtUp(ann, second.getByTestId('ann'))
  await groupRow(bob, name).waitFor()
})

/** The raw records about a group in a user's database. */
const recordsAbout = (
  page: Awaited<ReturnType<typeof openDemo>>['page'],
  userID: string,
  groupID: string
) =>
  page.evaluate(
    async ([userID, groupID]) => {
      const done = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve, reject) => {
          request.onsuccess = () => resolve(request.result)
          request.onerror = () => reject(new Error(request.error?.message))
        })
      const name = `offline-groups ${location.host}/sync ${userID}`
      const database = await done(indexedDB.open(name))
      const transaction = database.transaction(['pages', 'journal'], 'readonly')
      const [pages, journal] = [
        transaction.objectStore('pages'),
        transaction.objectStore('journal')
      ]
      const [keys, records, commits] = await Promise.all([
        done(pages.getAllKeys()),
        done(pages.getAll()),
        done(journal.getAll())
      ])
      database.close()
      const paged = keys.map((key, index) => ({
        table: String((key as string[])[0]),
        text: JSON.stringify([key, records[index]])
      }))
      const written = (commits as { writes: { table: string }[] }[]).flatMap(({ writes }) => writes)
      return [
        ...paged,
        ...written.map(write => ({ table: write.table, text: JSON.stringify(write) }))
      ].filter(({ text }) => text.includes(groupID))
    },
    [userID, groupID] as const
  )
