/** Bundles the simulation into one file that threads can load, with a planted bug on request. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Limits of the engine and the server, so small that a few users and groups exceed them: the file,
 * the declaration, and the small one.
 */
const small = [
  [
    'src/server/authority/lanes.ts',
    'transactionMax = { operations: 200, rows: 4096, bytes: 65_536 }',
    'transactionMax = { operations: 20, rows: 20, bytes: 1000 }'
  ],
  ['src/server/sessions/session.ts', 'groupsPerFrame = 100', 'groupsPerFrame = 2'],
  [
    'src/server/sessions/session.ts',
    'sessionBytes = { slowAbove: 1_048_576, max: 4_194_304 }',
    'sessionBytes = { slowAbove: 4000, max: 40_000 }'
  ],
  ['src/server/sessions/replica/announcements.ts', 'heldMax = 100', 'heldMax = 3'],
  [
    'src/server/sessions/replica/outgoing.ts',
    'partMax = { groups: 100, rows: 2000 }',
    'partMax = { groups: 2, rows: 5 }'
  ],
  ['src/server/transports/http-client.ts', 'answerBytesMax = 131_072', 'answerBytesMax = 2000'],
  [
    'src/server/sessions/replica/group-delta.ts',
    'membersSentWholeMax = 500',
    'membersSentWholeMax = 1'
  ],
  ['src/server/sessions/replica/group-delta.ts', 'partBytesMax = 49_152', 'partBytesMax = 1000'],
  ['src/server/sessions/replica/feed-delta.ts', 'feedEventsMax = 150', 'feedEventsMax = 5'],
  ['src/server/sessions/frames.ts', 'frameBytesTarget = 65_536', 'frameBytesTarget = 1000'],
  ['src/protocol/messages.ts', 'membersPerPageMax: 500', 'membersPerPageMax: 1'],
  ['src/protocol/messages.ts', 'operationsPerPushMax: 50', 'operationsPerPushMax: 3'],
  ['src/engine/limits.ts', 'unansweredMax = 500', 'unansweredMax = 8'],
  ['src/engine/limits.ts', 'replicatedMembersMax = 2000', 'replicatedMembersMax = 4']
].map(([file, find, replace]) => ({ file, find, replace }))

/**
 * @typedef {{ file: string, find: string, replace: string }} Edit
 * @param {{ name?: string, file?: string, edits?: readonly Edit[] }} [options] the planted bug
 * @returns {Promise<string>} the path of the file
 */
export async function bundle({ name = 'simulation', file: fileName = name, edits = [] } = {}) {
  /** The edits that were not made yet, with their names. @type {Map<Edit, string>} */
  const missed = new Map([
    ...small.map(edit => [edit, `the small limit ${edit.find.split(/\W/)[0]}`]),
    ...edits.map(edit => [edit, `the planted bug “${name}”`])
  ])
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
  const failures = [...missed].map(
    ([{ file: source, find }, title]) =>
      `Cannot apply ${title}: ${source} does not contain exactly once: ${find}`
  )
  if (failures.length > 0) throw new Error(failures.join('\n'))
  return file
}

/**
 * `missed` holds the edits that no file has matched yet.
 * @param {string} code @param {string} path @param {Map<Edit, string>} missed
 */
function edited(code, path, missed) {
  let changed = code
  for (const edit of missed.keys()) {
    if (edit.file !== path) continue
    const range = onlyRange(changed, edit.find)
    if (!range) continue
    changed = changed.slice(0, range.start) + edit.replace + changed.slice(range.end)
    missed.delete(edit)
  }
  return changed === code ? null : { code: changed, map: null }
}

/**
 * The range of a text that occurs exactly once. White space does not count, so that formatting does
 * not break a patch. A text does not begin or end within a word or number: 100 is not in 1000.
 * @param {string} code @param {string} find
 */
function onlyRange(code, find) {
  const places = [...code.matchAll(/\S/g)].map(({ index }) => index)
  const dense = places.map(place => code[place]).join('')
  const wanted = find.replace(/\s/g, '')
  const first = dense.indexOf(wanted)
  if (first === -1 || dense.indexOf(wanted, first + 1) !== -1) return undefined
  const [start, end] = [places[first], places[first + wanted.length - 1] + 1]
  const isInWord = [start, end].some(place => /^\w\w$/.test(code.slice(place - 1, place + 1)))
  return isInWord ? undefined : { start, end }
}
