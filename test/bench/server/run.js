/**
 * node test/bench/server/run.js [--only logins,writes] [--seconds 3]: measures the server on
 * PostgreSQL, if it is installed, and on the embedded engine.
 */

import { rolldown } from 'rolldown'

const here = import.meta.dirname
const bundle = await rolldown({
  input: `${here}/main.ts`,
  platform: 'node',
  external: /^[^./]/,
  logLevel: 'warn'
})
await bundle.write({ file: `${here}/../dist/server.js`, format: 'esm', codeSplitting: false })
await import('../dist/server.js')
