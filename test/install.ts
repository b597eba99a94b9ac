/** Installs packages that only some tests need, in a folder of their own. */

import { execSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A copy of the lock file shows that an installation was completed. */
export function install(folder: string): void {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  const done = join(folder, 'node_modules/.installed')
  if (existsSync(done) && readFileSync(done, 'utf8') === lock) return
  try {
    execSync('npm ci --ignore-scripts', { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (cause) {
    throw new Error(`The packages of ${folder} cannot be installed: ${String(cause)}`, { cause })
  }
  writeFileSync(done, lock)
}
