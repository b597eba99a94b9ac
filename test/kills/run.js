/**
 * npm run kill -- --engine chromium|firefox|webkit [--kills 20] [--tabs 1] [--backend leveldb|sqlite]
 *
 * Kills a browser with SIGKILL while its user works, and counts the operations. Ends with exit
 * code 1 if an acknowledged operation is lost or takes effect twice.
 */

import { parseArgs } from 'node:util'
import { rolldown } from 'rolldown'

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'chromium' },
    kills: { type: 'string', default: '20' },
    tabs: { type: 'string', default: '1' },
    backend: { type: 'string', default: 'leveldb' }
  }
})
const print = (/** @type {string} */ line) => process.stdout.write(`${line}\n`)

process.chdir(new URL('../..', import.meta.url).pathname)
const bundle = await rolldown({
  input: 'test/kills/kills.ts',
  platform: 'node',
  external: /^[^./]/,
  logLevel: 'warn'
})
await bundle.write({ file: 'test/kills/dist/kills.js', format: 'esm' })
const { killBrowsers } = await import('./dist/kills.js')

const { engine, backend } = values
/** @type {import('./kills.ts').Figures} */
const figures = await killBrowsers({
  engine,
  backend,
  kills: Number(values.kills),
  tabs: Number(values.tabs),
  onKill(/** @type {import('./kills.ts').Figures} */ { kills, acknowledged, lost }) {
    if (kills % 10 === 0) print(`${kills} kills, ${acknowledged} acknowledged, ${lost.length} lost`)
  }
})
const { kills, acknowledged, pending, settled, onServer, lost, doubled } = figures
print(
  `${engine}${engine === 'chromium' ? ` (${backend})` : ''}, ${values.tabs} tabs: ${kills} kills, ` +
    `${acknowledged} operations acknowledged; after restarts ${pending} pending, ` +
    `${onServer} on the server, ${settled} settled on the device; ` +
    `${lost.length} lost, ${doubled} applied twice`
)
for (const opID of lost.slice(0, 20)) print(`lost: ${opID}`)
process.exit(lost.length + doubled > 0 ? 1 : 0)
