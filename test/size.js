/**
 * Bundles the entries of page and worker, and fails if one exceeds its limit in the table of
 * README.md. The README names limits, so it stays true while sizes change.
 */

import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

/** @type {Readonly<Record<string, () => Promise<Buffer> | Buffer>>} */
const bundles = {
  createGroupStore: () => bundled('dist/src/index.js'),
  'offline-groups/mini-program/store': () => filesOf('store.js', 'shared.js'),
  'offline-groups/mini-program': () => filesOf('index.js', 'shared.js'),
  'worker.js': () => readFileSync('dist/src/worker.js'),
  'worker-http.js': () => readFileSync('dist/src/worker-http.js'),
  dexie: () => bundled('node_modules/dexie/dist/modern/dexie.min.mjs')
}

const readme = readFileSync('README.md', 'utf8')
let passed = true
for (const [name, bundle] of Object.entries(bundles)) {
  const limit = new RegExp(`^\\|.*\`${name}\`.*\\| (\\d+) \\|$`, 'm').exec(readme)?.[1]
  const sizeKiB = gzipSync(await bundle(), { level: 9 }).length / 1024
  const fits = sizeKiB <= Number(limit)
  passed &&= fits
  console.log(
    `${fits ? 'ok  ' : 'OVER'} ${sizeKiB.toFixed(1).padStart(5)} of ${limit} KiB gzip  ${name}`
  )
}
process.exit(passed ? 0 : 1)

/** Two files together, as a mini-program has them in its package. */
function filesOf(...names) {
  return Buffer.concat(names.map(name => readFileSync(`dist/mini-program/${name}`)))
}

/** The bundle of an entry, without the parts that load on demand. */
async function bundled(entry) {
  const bundle = await rolldown({ input: entry, platform: 'browser', logLevel: 'silent' })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  const start = output.find(chunk => chunk.type === 'chunk' && chunk.isEntry)
  const loaded = new Set([start.fileName])
  for (const fileName of loaded)
    for (const imported of output.find(chunk => chunk.fileName === fileName).imports)
      loaded.add(imported)
  return Buffer.concat(
    [...loaded].map(fileName => Buffer.from(output.find(chunk => chunk.fileName === fileName).code))
  )
}
