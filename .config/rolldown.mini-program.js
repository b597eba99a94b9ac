/**
 * The files for mini-programs, with everything inside: CommonJS in the folder that WeChat's "build
 * npm" copies, and ES modules for other bundlers. Their syntax is that of ES2019.
 */

import { defineConfig } from 'rolldown'

/** @param {'cjs' | 'esm'} format @param {string} dir */
const build = (format, dir) =>
  defineConfig({
    input: { index: 'src/mini-program.ts', store: 'src/mini-program-store.ts' },
    platform: 'browser',
    transform: { target: 'es2019' },
    treeshake: { propertyReadSideEffects: false, unknownGlobalSideEffects: false },
    output: {
      dir: `dist/${dir}`,
      format,
      minify: true,
      // One shared file without dynamic imports, which mini-programs lack.
      codeSplitting: {
        groups: [{ name: 'shared', test: id => !/src.(tim|mini-program\.)/.test(id) }]
      },
      chunkFileNames: '[name].js',
      comments: { annotation: false, jsdoc: false }
    },
    plugins: [
      {
        name: 'package',
        // The package itself has ES modules.
        generateBundle() {
          const type = format === 'cjs' ? 'commonjs' : 'module'
          this.emitFile({
            type: 'asset',
            fileName: 'package.json',
            source: JSON.stringify({ type })
          })
        }
      }
    ],
    logLevel: 'warn'
  })

export default [build('cjs', 'mini-program'), build('esm', 'mini-program-esm')]
