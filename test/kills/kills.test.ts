/** `npm run kill` does the same more often. */

import { test } from 'vitest'
import { otherEngines } from '../engines/installed.ts'
import { killBrowsers, type KillOptions } from './kills.ts'

const runs: (Omit<KillOptions, 'kills'> & { name: string })[] = [
  { name: 'Chromium with LevelDB', engine: 'chromium', tabs: 1, backend: 'leveldb' },
  { name: 'Chromium with SQLite', engine: 'chromium', tabs: 3, backend: 'sqlite' },
  { name: 'Firefox', engine: 'firefox', tabs: 1 },
  { name: 'WebKit', engine: 'webkit', tabs: 3 }
]

// Where an engine is not installed, its project says so (test/engines/absent.test.ts).
const installed = runs.filter(
  ({ engine }) => engine === 'chromium' || otherEngines[engine].find() !== undefined
)

// At the same time, because most of a trial is waiting for a browser to start and to work.
test.concurrent.for(installed)(
  '$name keeps every acknowledged operation through 20 kills',
  async (run, { expect }) => {
    const { acknowledged, lost, doubled } = await killBrowsers({ ...run, kills: 20 })
    expect({ lost, doubled }).toEqual({ lost: [], doubled: 0 })
    expect(acknowledged).toBeGreaterThan(100)
  }
)
