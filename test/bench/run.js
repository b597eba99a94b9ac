/**
 * npm run bench [-- --only 1,3 --of ours,raw --rounds 2]: installs, builds, and measures.
 *
 * npm run bench -- --only 10 [--dist dist,../other/dist]: the built package in each installed
 * browser, or several builds of it.
 */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rolldown } from 'rolldown'

const here = import.meta.dirname
if (!existsSync(`${here}/node_modules`))
  execFileSync('npm', ['install'], { cwd: here, stdio: 'inherit' })
const bundle = await rolldown({
  input: `${here}/main.ts`,
  platform: 'node',
  external: /^[^./]/,
  logLevel: 'warn'
})
await bundle.write({ file: `${here}/dist/main.js`, format: 'esm' })
await import('./dist/main.js')
