/** The simulation in one file that a thread can load; with a bug planted in the source, where asked for. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Limits of the engine and the server, so small that a few users and groups get beyond them.
 * @type {readonly Edit[]}
 */
const small = [
  { file: 'server/sessions.ts', find: 'const groupsPerFrame = 100\n', replace: 'const groupsPerFrame = 2\n' },
  { file: 'server/replica-deltas.ts', find: 'const membersSentWholeMax = 500\n', replace: 'const membersSentWholeMax = 1\n' },
  { file: 'src/sync/messages.ts', find: 'membersPerPageMax: 500,', replace: 'membersPerPageMax: 1,' },
  { file: 'src/sync/messages.ts', find: 'operationsPerPushMax: 50,', replace: 'operationsPerPushMax: 3,' },
  { file: 'src/engine/sync.ts', find: 'const unansweredMax = 500\n', replace: 'const unansweredMax = 8\n' },
  { file: 'src/engine/sync.ts', find: 'const replicatedMembersMax = 2000\n', replace: 'const replicatedMembersMax = 4\n' }
]

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
    plugins: [{ name: 'edited', transform: (code, id) => edited(code, id.slice(root.length), [...small, ...edits]) }]
  })
  mkdirSync(join(root, 'dist/simulation'), { recursive: true })
  const file = join(root, `dist/simulation/${name}.js`)
  await build.write({ file, format: 'esm', codeSplitting: false, sourcemap: 'inline' })
  await build.close()
  return file
}

/** @param {string} code @param {string} path @param {readonly Edit[]} edits */
function edited(code, path, edits) {
  const mine = edits.filter(({ file }) => file === path)
  if (mine.length === 0) return null
  for (const { find, replace } of mine) {
    if (code.split(find).length !== 2) throw new Error(`${path} does not have exactly once: ${find}`)
    code = code.replace(find, () => replace)
  }
  return { code, map: null }
}
