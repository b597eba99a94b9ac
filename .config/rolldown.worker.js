/** The worker as it ships: one file, nothing left to resolve. */

import { minify } from 'terser'

export default {
  input: 'worker/index.ts',
  platform: 'browser',
  // Dexie's default entry wraps a build for older engines than any that runs module workers.
  resolve: { alias: { dexie: 'dexie/dist/modern/dexie.min.mjs' } },
  plugins: [{ name: 'terser', renderChunk: async code => (await minify(code, { module: true, compress: { passes: 3 } })).code }],
  output: { file: 'dist/src/worker.js', format: 'esm', minify: true, comments: { annotation: false, jsdoc: false } },
  logLevel: 'warn'
}
