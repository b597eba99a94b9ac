/**
 * Damages the files of a closed Chromium, one kind of damage after another, and looks for every
 * acknowledged operation after the next start: it has to reach the server.
 */

import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { openDriven, type DrivenBrowser } from '../engines/driven.ts'
import type { Backend } from './kills.ts'
import { openStage, type Stage } from './stage.ts'

export type Trial = {
  readonly name: string
  readonly acknowledged: number
  /** In the outbox after the next start. */
  readonly pending: number
  /** Not on the server in the end. */
  readonly lost: number
  /** The report to the app. */
  readonly loss: unknown
}

type Damage = (folder: string, earlier: string) => void

/** Changes the files of a database. `earlier`: a copy of the folder from before the last edits. */
export const damages: Readonly<Record<Backend, Readonly<Record<string, Damage>>>> = {
  leveldb: {
    'log cut to 60 %': folder => cut(log(folder), 0.6),
    'one byte of the log flipped': folder => flip(log(folder), [0.5]),
    'log removed': folder => rmSync(log(folder)),
    'CURRENT removed': folder => rmSync(join(levelDB(folder), 'CURRENT')),
    'MANIFEST removed': folder => rmSync(newest(levelDB(folder), /^MANIFEST/)),
    'folder removed': folder => rmSync(folder, { recursive: true }),
    'older copy put back': putBack
  },
  sqlite: {
    'database cut to 50 %': folder => cut(sqlite(folder), 0.5),
    'head zeroed': folder => zero(sqlite(folder), 100),
    'bytes flipped': folder => flip(sqlite(folder), [0.3, 0.5, 0.7]),
    'database removed': folder => rmSync(sqlite(folder)),
    'older copy put back': putBack
  }
}

const editsBefore = 150
const editsAfter = 50

/** Only the browser knows then that it had a database, and says so in its upgrade event. */
export function flipLogWithoutJournal(folder: string): void {
  flip(log(folder), [0.5])
  rmSync(join(folder, '..', 'File System'), { recursive: true })
}

export async function damageBrowser(
  backend: Backend,
  name: string,
  damage = damages[backend][name]
): Promise<Trial> {
  if (!damage) throw new Error(`no such damage: ${name}`)
  const stage = await openStage()
  const acknowledged = new Set<string>()
  const browser = await openDriven({
    engine: 'chromium',
    to: stage.to,
    args: backend === 'sqlite' ? ['--enable-features=IdbSqliteBackingStore'] : [],
    onNote: opID => void acknowledged.add(opID)
  })
  const folder = join(browser.folder, 'Default', 'IndexedDB')
  const earlier = `${browser.folder}-earlier`
  try {
    const first = await start(browser, stage)
    await first.page.evaluate(() => window.kills.createGroups(['crew']))
    await first.page.evaluate(count => window.kills.edit('crew', count), editsBefore)
    await browser.kill()
    cpSync(folder, earlier, { recursive: true })
    const second = await start(browser, stage)
    await second.page.evaluate(count => window.kills.edit('crew', count), editsAfter)
    await browser.kill()
    damage(folder, earlier)
    return { name, ...(await survivors(browser, stage, acknowledged)) }
  } finally {
    await browser.close()
    await stage.close()
    rmSync(earlier, { recursive: true, force: true })
  }
}

/** Starts the browser with a store that works offline. */
export async function start(
  browser: DrivenBrowser,
  stage: Stage
): Promise<{ readonly page: Page; readonly pending: readonly string[] }> {
  const [page] = await browser.start('/')
  if (!page) throw new Error('no page')
  await page.waitForFunction(() => 'kills' in window)
  const pending = await page.evaluate(
    ([userID, token]) =>
      window.kills.open(`${location.origin.replace('http', 'ws')}/sync`, userID, token, true),
    [stage.userID, stage.token()] as const
  )
  return { page, pending }
}

/** Starts the browser once more, and counts the operations that were acknowledged before. */
export async function survivors(
  browser: DrivenBrowser,
  stage: Stage,
  acknowledged: ReadonlySet<string>
): Promise<Omit<Trial, 'name'>> {
  const { page, pending } = await start(browser, stage)
  const loss = await page.evaluate(() => window.kills.loss())
  await page.evaluate(() => window.kills.drain())
  const judged = await stage.judged([...acknowledged])
  return {
    acknowledged: acknowledged.size,
    pending: pending.length,
    lost: acknowledged.size - judged.size,
    loss
  }
}

function putBack(folder: string, earlier: string): void {
  rmSync(folder, { recursive: true })
  cpSync(earlier, folder, { recursive: true })
}

const levelDB = (folder: string) => newest(folder, /\.leveldb$/)
const log = (folder: string) => newest(levelDB(folder), /\.log$/)
/** The largest file of the new backend is the database of the store. */
const sqlite = (folder: string) => newest(folder, /^[^.].*$/, true)

/** The file that was written last. `isDeep`: the largest one, in subfolders as well. */
function newest(folder: string, pattern: RegExp, isDeep = false): string {
  const files = readdirSync(folder, { recursive: isDeep, encoding: 'utf8' })
    .filter(name => pattern.test(name.split('/').at(-1) ?? ''))
    .map(name => join(folder, name))
    .filter(file => !isDeep || statSync(file).isFile())
  const rank = (file: string) => (isDeep ? statSync(file).size : statSync(file).mtimeMs)
  const [found] = files.sort((a, b) => rank(b) - rank(a))
  if (found === undefined || !existsSync(found)) throw new Error(`nothing like ${pattern.source}`)
  return found
}

const cut = (file: string, share: number) =>
  truncateSync(file, Math.floor(statSync(file).size * share))

function flip(file: string, places: readonly number[]): void {
  const bytes = readFileSync(file)
  for (const place of places) {
    const index = Math.floor(bytes.length * place)
    bytes[index] = (bytes[index] ?? 0) ^ 0xff
  }
  writeFileSync(file, bytes)
}

function zero(file: string, count: number): void {
  const bytes = readFileSync(file)
  bytes.fill(0, 0, count)
  writeFileSync(file, bytes)
}
