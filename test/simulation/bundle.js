/** Bundles the simulation into one file that threads can load, with a planted bug on request. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Limits of the engine and the server, so small that a few users and groups exceed them.
 * @type {readonly Edit[]}
 */
const small = [
  {
    file: 'src/server/authority/lanes.ts',
    find: 'const transactionMax = { operations: 200, rows: 4096, bytes: 65_536 }\n',
    replace: 'const transactionMax = { operations: 20, rows: 20, bytes: 1000 }\n'
  },
  {
    file: 'src/server/sessions/session.ts',
    find: 'const groupsPerFrame = 100\n',
    replace: 'const groupsPerFrame = 2\n'
  },
  {
    file: 'src/server/sessions/session.ts',
    find: 'const sessionBytes = { slowAbove: 1_048_576, max: 4_194_304 }\n',
    replace: 'const sessionBytes = { slowAbove: 4000, max: 40_000 }\n'
  },
  {
    file: 'src/server/sessions/replica/announcements.ts',
    find: 'const heldMax = 100\n',
    replace: 'const heldMax = 3\n'
  },
  {
    file: 'src/server/sessions/replica/outgoing.ts',
    find: 'const partMax = { groups: 100, rows: 2000 }\n',
    replace: 'const partMax = { groups: 2, rows: 5 }\n'
  },
  {
    file: 'src/server/transports/http-client.ts',
    find: 'const answerBytesMax = 131_072\n',
    replace: 'const answerBytesMax = 2000\n'
  },
  {
    file: 'src/server/sessions/replica/group-delta.ts',
    find: 'const membersSentWholeMax = 500\n',
    replace: 'const membersSentWholeMax = 1\n'
  },
  {
    file: 'src/server/sessions/replica/group-delta.ts',
    find: 'export const partBytesMax = 49_152\n',
    replace: 'export const partBytesMax = 1000\n'
  },
  {
    file: 'src/server/sessions/replica/feed-delta.ts',
    find: 'const feedEventsMax = 150\n',
    replace: 'const feedEventsMax = 5\n'
  },
  {
    file: 'src/server/sessions/frames.ts',
    find: 'const frameBytesTarget = 65_536\n',
    replace: 'const frameBytesTarget = 1000\n'
  },
  {
    file: 'src/protocol/messages.ts',
    find: 'membersPerPageMax: 500,',
    replace: 'membersPerPageMax: 1,'
  },
  {
    file: 'src/protocol/messages.ts',
    find: 'operationsPerPushMax: 50,',
    replace: 'operationsPerPushMax: 3,'
  },
  {
    file: 'src/engine/limits.ts',
    find: 'const unansweredMax = 500\n',
    replace: 'const unansweredMax = 8\n'
  },
  {
    file: 'src/engine/limits.ts',
    find: 'const replicatedMembersMax = 2000\n',
    replace: 'const replicatedMembersMax = 4\n'
  }
]

/**
 * @typedef {{ file: string, find: string, replace: string }} Edit
 * @param {{ name?: string, file?: string, edits?: readonly Edit[] }} [options]
 * @returns {Promise<string>} the path of the file
 */
export async function bundle({ name = 'simulation', file: fileName = name, edits = [] } = {}) {
  /** @type {Set<Edit>} */
  const missed = new Set([...small, ...edits])
  const build = await rolldown({
    input: join(root, 'test/simulation/worker.ts'),
    platform: 'node',
    external: [/^@electric-sql/],
    logLevel: 'silent',
    plugins: [
      { name: 'edited', transform: (code, id) => edited(code, id.slice(root.length), missed) }
    ]
  })
  mkdirSync(join(root, 'dist/simulation'), { recursive: true })
  const file = join(root, `dist/simulation/${fileName}.js`)
  await build.write({ file, format: 'esm', codeSplitting: false, sourcemap: 'inline' })
  await build.close()
  for (const { file, find } of missed)
    throw new Error(`${name}: ${file} does not contain exactly once: ${find}`)
  return file
}

/**
 * `missed` holds the edits that no file has matched yet.
 * @param {string} code @param {string} path @param {Set<Edit>} missed
 */
function edited(code, path, missed) {
  let changed = code
  for (const edit of missed) {
    if (edit.file !== path) continue
    const range = onlyRange(changed, edit.find)
    if (!range) continue
    changed = changed.slice(0, range.start) + edit.replace + changed.slice(range.end)
    missed.delete(edit)
  }
  return changed === code ? null : { code: changed, map: null }
}

/**
 * The range of a text that occurs exactly once. White space does not count, so that formatting
 * does not break a patch.
 * @param {string} code @param {string} find
 */
function onlyRange(code, find) {
  const places = [...code.matchAll(/\S/g)].map(({ index }) => index)
  const dense = places.map(place => code[place]).join('')
  const wanted = find.replace(/\s/g, '')
  const first = dense.indexOf(wanted)
  if (first === -1 || dense.indexOf(wanted, first + 1) !== -1) return undefined
  return { start: places[first], end: places[first + wanted.length - 1] + 1 }
}
