/** Builds the mini-program as a web page, with the build of the package for mini-programs. */

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  root: path('browser'),
  base: './',
  // The build tool of Mpx defines these, and it has a file for each platform.
  define: { __mpx_mode__: '"web"', global: 'globalThis', 'process.env.NODE_ENV': '"production"' },
  resolve: {
    alias: { 'offline-groups': path('../../dist/mini-program-esm/index.js') },
    extensions: ['.web.js', '.js', '.ts', '.json']
  },
  build: {
    outDir: path('../../dist/demo/page/mini-program'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false }
  }
})
