/** Bundles the page and the worker of each contender. */

import { cp, mkdir, writeFile } from 'node:fs/promises'
import { rolldown, type InputOptions } from 'rolldown'
import type { Kind } from './table.ts'

const root = new URL('../../..', import.meta.url).pathname
const bench = `${root}/test/bench`
export const builtFolder = `${bench}/dist/pages`

export async function build(contenders: Readonly<Record<string, Kind>>): Promise<void> {
  await mkdir(builtFolder, { recursive: true })
  await cp(
    `${bench}/node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm`,
    `${builtFolder}/sqlite3.wasm`
  )
  await Promise.all(
    Object.entries(contenders).flatMap(([name, kind]) => [
      writeFile(`${builtFolder}/${name}.html`, html(name)),
      bundle(`${name}.js`, page(name, kind)),
      ...(kind === 'page' ? [] : [bundle(`${name}.worker.js`, worker(name, kind))])
    ])
  )
}

const html = (name: string) => `<!doctype html><title>${name}</title>
<link rel="icon" href="data:," /><script type="module" src="./${name}.js"></script>`

function page(name: string, kind: Kind): string {
  const imports = `
    import { createBench, remote, start } from '${bench}/page.ts'
    ${kind === 'worker' ? '' : `import { create } from '${bench}/contenders/${name}.ts'`}`
  if (kind === 'page') return `${imports}; start(createBench(create()))`
  const begin = `const worker = new Worker('./${name}.worker.js', { type: 'module' })`
  const contender = kind === 'worker' ? 'remote(worker)' : 'create(worker)'
  return `${imports}; ${begin}; start(createBench(${contender}, worker))`
}

function worker(name: string, kind: Kind): string {
  if (kind === 'package')
    return [`${bench}/count.ts`, `${bench}/contenders/peer.ts`, `${root}/dist/src/worker.js`]
      .map(path => `import '${path}'`)
      .join('; ')
  return `
    import '${bench}/count.ts'
    import { expose } from 'comlink'
    import { create } from '${bench}/contenders/${name}.ts'
    expose(create())`
}

async function bundle(file: string, code: string): Promise<void> {
  const options: InputOptions = {
    input: 'entry',
    cwd: bench,
    platform: 'browser',
    logLevel: 'warn',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    plugins: [
      {
        name: 'entry',
        resolveId: id => (id === 'entry' ? `${bench}/entry.js` : undefined),
        load: id => (id === `${bench}/entry.js` ? code : undefined)
      }
    ]
  }
  const built = await rolldown(options)
  await built.write({
    dir: builtFolder,
    entryFileNames: file,
    chunkFileNames: `${file}.[name]-[hash].js`,
    format: 'esm',
    minify: true
  })
}
