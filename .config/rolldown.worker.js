/** The worker as it ships: one file, nothing left to resolve. */

import { defineConfig } from 'rolldown'
import { minify } from 'terser'

export default defineConfig({
  input: 'worker/index.ts',
  platform: 'browser',
  // Dexie's default entry wraps a build for older engines than any that runs module workers.
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
  output: { file: 'dist/src/worker.js', format: 'esm', minify: true, comments: { annotation: false, jsdoc: false } },
  logLevel: 'warn'
})

/** @param {import('rolldown').OutputChunk | import('rolldown').OutputAsset} chunk */
async function shrink(chunk) {
  if (chunk.type !== 'chunk') return
  const { code } = await minify(chunk.code, {
    module: true,
    ecma: 2020,
    compress: { passes: 3, unsafe_arrows: true, unsafe_methods: true }
  })
  chunk.code = String(code)
}
