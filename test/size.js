/** Bundles the entries of page and worker, and fails if one exceeds its size limit. */

import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

const limits = [
  {
    name: 'page: createGroupStore, with RxJS and Comlink',
    entry: 'dist/src/index.js',
    limitKiB: 16
  },
  { name: 'worker, with Dexie', file: 'dist/src/worker.js', limitKiB: 74 },
  { name: 'worker without WebSockets', file: 'dist/src/worker-http.js', limitKiB: 74 }
]

let passed = true
for (const { name, entry, file, limitKiB } of limits) {
  const code = file ? readFileSync(file) : await bundled(entry)
  const sizeKiB = gzipSync(code, { level: 9 }).length / 1024
  const fits = sizeKiB <= limitKiB
  passed &&= fits
  console.log(
    `${fits ? 'ok  ' : 'OVER'} ${sizeKiB.toFixed(1).padStart(5)} of ${limitKiB} KiB gzip  ${name}`
  )
}
process.exit(passed ? 0 : 1)

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
