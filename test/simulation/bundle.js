/** The simulation in one file that a thread can load; with a bug planted in the source, where asked for. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * @typedef {{ file: string, find: string, replace: string }} Edit
 * @param {{ name?: string, edits?: readonly Edit[] }} [options]
 * @returns {Promise<string>} the path of the file
 */
export async function bundle({ name = 'simulation', edits = [] } = {}) {
  const build = await rolldown({
    input: join(root, 'test/simulation/worker.ts'),
    platform: 'node',
    external: [/^@electric-sql/],
    logLevel: 'silent',
    plugins: [{ name: 'planted', transform: (code, id) => planted(code, id.slice(root.length), edits) }]
  })
  mkdirSync(join(root, 'dist/simulation'), { recursive: true })
  const file = join(root, `dist/simulation/${name}.js`)
  await build.write({ file, format: 'esm', codeSplitting: false, sourcemap: 'inline' })
  await build.close()
  return file
}

/** @param {string} code @param {string} path @param {readonly Edit[]} edits */
function planted(code, path, edits) {
  const mine = edits.filter(({ file }) => file === path)
  if (mine.length === 0) return null
  for (const { find, replace } of mine) {
    if (code.split(find).length !== 2) throw new Error(`${path} does not have exactly once: ${find}`)
    code = code.replace(find, () => replace)
  }
  return { code, map: null }
}
