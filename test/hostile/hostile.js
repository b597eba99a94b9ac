/** npm run hostile -- --frames 1000000 [--seed 7] [--first 0]: sends mutated frames to a server. */

import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000' },
    seed: { type: 'string' },
    first: { type: 'string' }
  }
})
const vitest = ['vitest', 'run', '--config', 'test/vitest.config.ts', '--project', 'hostile']
const { status } = spawnSync('npx', [...vitest, 'test/hostile/mutated-frames.test.ts'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    HOSTILE_FRAMES: values.frames,
    ...(values.seed !== undefined && { HOSTILE_SEED: values.seed }),
    ...(values.first !== undefined && { HOSTILE_FIRST: values.first })
  }
})
process.exitCode = status ?? 1
