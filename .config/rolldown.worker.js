/** The workers as they ship: one file each, nothing left to resolve. */

import { defineConfig } from 'rolldown'
import { minify } from 'terser'

/** @param {string} transport @param {string} file */
const worker = (transport, file) =>
  defineConfig({
    input: `worker/${transport}.ts`,
    platform: 'browser',
    // Dexie's default entry wraps a build for older engines than any that runs module workers.
    treeshake: { propertyReadSideEffects: false, unknownGlobalSideEffects: false },
    resolve: { alias: { dexie: 'dexie/dist/modern/dexie.min.mjs' } },
    plugins: [
      {
        name: 'terser',
        // After the bundler's own minifier: the two find different things.
        async generateBundle(_, files) {
          await Promise.all(Object.values(files).map(shrink))
        }
      }
    ],
    output: {
      file: `dist/src/${file}`,
      format: 'esm',
      minify: true,
      comments: { annotation: false, jsdoc: false }
    },
    logLevel: 'warn'
  })

export default [worker('websocket', 'worker.js'), worker('http', 'worker-http.js')]

/** @param {import('rolldown').OutputChunk | import('rolldown').OutputAsset} chunk */
async function shrink(chunk) {
  if (chunk.type !== 'chunk') return
  const { code } = await minify(chunk.code, {
    module: true,
    ecma: 2020,
    compress: {
      passes: 2,
      // Dexie warns of nothing that the engine is not told as well.
      drop_console: true,
      pure_getters: true,
      // Constants on the left read badly, to a compressor as well.
      lhs_constants: false,
      unsafe_comps: true,
      keep_fargs: false,
      unsafe: true,
      unsafe_arrows: true,
      unsafe_methods: true
    }
  })
  chunk.code = String(code)
}
