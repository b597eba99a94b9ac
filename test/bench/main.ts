/** Measures what it is asked for, in rounds in which all take turns, and writes the tables. */

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { servePages } from './browser.ts'
import { build } from './build.ts'
import { round } from './measures.ts'
import { contenders, notes, table, type Results } from './table.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, of: { type: 'string' }, rounds: { type: 'string', default: '3' }, write: { type: 'boolean' } }
})
const parts = values.only ? values.only.split(',').map(Number) : [1, 2, 3, 4, 5, 6, 8]
const names = values.of ? values.of.split(',') : Object.keys(contenders)

await build(contenders)
const server = await servePages()
const results: Results = Object.fromEntries(names.map(name => [name, { samples: {}, failures: [] }]))
let chromium = ''
const began = performance.now()
for (let count = 1; count <= Number(values.rounds); count++)
  for (const name of names) {
    const result = results[name]!
    console.log(`round ${count}: ${name}, after ${Math.round((performance.now() - began) / 1000)} s`)
    chromium = await round({
      name,
      url: server.url,
      durability: name === 'ours' ? 'strict' : 'relaxed',
      parts,
      report(figure, value) {
        console.log(`   ${figure} ${value.toFixed(2)}`)
        ;(result.samples[figure] ??= []).push(value)
      },
      fail: why => {
        console.log(`   failed: ${why}`)
        result.failures.push(why)
      }
    })
    // What is there is there, whatever becomes of the rest.
    if (values.write) writeFileSync(new URL('../RESULTS.md', import.meta.url), `${report()}\n`)
  }
server.close()
console.log(`\n${report()}`)

function report(): string {
  const [cpu] = cpus()
  const machine = `${cpu?.model ?? ''}, ${cpus().length} cores`
  const versions = ['dexie', 'rxdb', '@sqlite.org/sqlite-wasm', 'tinybase', 'comlink'].map(versionOf).join(', ')
  return [
    `${chromium}, Node ${process.version}, ${machine}; ${values.rounds} rounds, medians (least–most).`,
    `${versions}.`,
    '',
    table(results, parts),
    '',
    notes
  ].join('\n')
}


function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return `${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`
}
