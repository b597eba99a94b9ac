/** Measures the chosen parts in rounds in which the contenders alternate, and writes the tables. */

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { servePages } from './browser.ts'
import { build } from './build.ts'
import { engines } from './engines.ts'
import { cycles, growth } from './growth.ts'
import { round } from './measures.ts'
import { contenders, notes, table, type Results } from './table.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    of: { type: 'string' },
    dist: { type: 'string' },
    rounds: { type: 'string', default: '2' },
    write: { type: 'boolean' }
  }
})
const parts = values.only ? values.only.split(',').map(Number) : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const names = values.of ? values.of.split(',') : Object.keys(contenders)

if (parts.some(part => part !== 10)) await build(contenders)
const server = await servePages()
const results: Results = Object.fromEntries(
  names.map(name => [name, { samples: {}, failures: [] }])
)
const extra: string[] = []
let chromium = ''
const began = performance.now()
const rounds = parts.some(part => ![7, 9, 10].includes(part)) ? Number(values.rounds) : 0
for (let count = 1; count <= rounds; count++)
  for (const name of names) {
    const result = results[name]!
    console.log(
      `round ${count}: ${name}, after ${Math.round((performance.now() - began) / 1000)} s`
    )
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
    // After each part, so that a later failure loses no figures.
    if (values.write) writeFileSync(new URL('../RESULTS.md', import.meta.url), `${report()}\n`)
  }
if (parts.includes(7))
  extra.push(
    '## How cost grows',
    await growth(server.url, new URL('../growth.svg', import.meta.url)),
    '![](growth.svg)'
  )
if (parts.includes(9))
  extra.push('## 10,000 times subscribed and unsubscribed', await cycles(server.url))
if (parts.includes(10)) {
  const builds = values.dist?.split(',') ?? [
    fileURLToPath(new URL('../../../dist', import.meta.url))
  ]
  extra.push('## Our own figures in each engine', await engines(builds, Number(values.rounds)))
}
server.close()
if (values.write) writeFileSync(new URL('../RESULTS.md', import.meta.url), `${report()}\n`)
console.log(`\n${report()}`)

function report(): string {
  const [cpu] = cpus()
  const machine = `${cpu?.model ?? ''}, ${cpus().length} cores`
  const versions = ['dexie', 'rxdb', '@sqlite.org/sqlite-wasm', 'tinybase', 'comlink']
    .map(versionOf)
    .join(', ')
  return [
    `${chromium}, Node ${process.version}, ${machine}; ${values.rounds} rounds, medians (least–most).`,
    `${versions}.`,
    '',
    table(results, parts),
    '',
    notes,
    ...extra.flatMap(part => ['', part])
  ].join('\n')
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return `${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`
}
