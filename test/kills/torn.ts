/**
 * Leaves half a record at the end of Chromium's log, as a kill at the wrong moment does, and looks
 * for every acknowledged operation two starts later.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDriven } from '../engines/driven.ts'
import { start, survivors, type Trial } from './damage.ts'
import { openStage } from './stage.ts'

/** More than LevelDB writes before it dies. */
const editsMax = 2000
const editsBetween = 25

/** `record`: the number of the record that is torn. */
export async function tearRecord(record: number): Promise<Trial> {
  const folder = mkdtempSync(join(tmpdir(), 'offline-groups-torn-'))
  const library = join(folder, 'torn.so')
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, 'test/kills/torn.c', '-ldl'])
  const stage = await openStage()
  const acknowledged = new Set<string>()
  let env: Readonly<Record<string, string>> = { LD_PRELOAD: library, TORN_RECORD: `${record}` }
  const browser = await openDriven({
    engine: 'chromium',
    to: stage.to,
    env: () => env,
    onNote: opID => void acknowledged.add(opID)
  })
  try {
    const first = await start(browser, stage)
    // Rejects when the browser dies.
    await Promise.allSettled([
      first.page
        .evaluate(() => window.kills.createGroups(['crew']))
        .then(() => first.page.evaluate(count => window.kills.edit('crew', count), editsMax))
    ])
    await browser.kill()
    env = {}
    const second = await start(browser, stage)
    await second.page.evaluate(count => window.kills.edit('crew', count), editsBetween)
    await browser.kill()
    return {
      name: `record ${record} torn`,
      ...(await survivors(browser, stage, acknowledged))
    }
  } finally {
    await browser.close()
    await stage.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
