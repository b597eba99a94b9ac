/** Bundles source with small edits, for example with a planted bug. */

import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @typedef {{ file: string, find: string, replace: string }} Edit
 * @param {{ input: string, output: string, edits: ReadonlyMap<Edit, string> }} options paths from
 *   the root of the repository, and a title for each edit
 * @returns {Promise<string>} the path of the bundle
 */
export async function bundleEdited({ input, output, edits }) {
  /** The edits that were not made yet, with their titles. */
  const missed = new Map(edits)
  const build = await rolldown({
    input: join(root, input),
    platform: 'node',
    external: [/^@electric-sql/],
    logLevel: 'silent',
    plugins: [
      { name: 'edited', transform: (code, id) => edited(code, id.slice(root.length), missed) }
    ]
  })
  const file = join(root, output)
  mkdirSync(dirname(file), { recursive: true })
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
