/** Builds the page with the built package. */

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  root: path('.'),
  resolve: { alias: { 'offline-groups': path('../dist/src/index.js') } },
  worker: { format: 'es' },
  build: {
    outDir: path('../dist/demo/page'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false }
  }
})
